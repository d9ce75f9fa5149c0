-- Certificates of the regions in the report, one row per contract, region and production month; those without a contract come first.
SELECT c.*
FROM published.certificate_balance AS c
WHERE c.region IN (SELECT region FROM region_in_report)
ORDER BY c.contract_id NULLS FIRST, c.production_month, c.region
