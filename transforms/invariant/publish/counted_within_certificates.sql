-- What counts of a contract and month with no deadline open is retired, or is its deficit in final vintages: one row per contract, region
-- and month that breaks this. Where certificates were told that sessions are not accounted with yet, the next accounting decides.
WITH told AS (
  SELECT t.contract_id, t.region, t.production_month, MAX(j.batch_seq) AS batch_seq
  FROM certificate AS t
  JOIN certificate_judged AS j ON j.registry = t.registry AND j.serial = t.serial
  GROUP BY t.contract_id, t.region, t.production_month
),
known AS (
  SELECT contract_id, region, contract_month, MIN(batch_seq) AS batch_seq
  FROM match_standing
  WHERE contract_id IS NOT NULL AND counted_wh > 0
  GROUP BY contract_id, region, contract_month
)
SELECT b.contract_id, b.region, b.production_month, b.counted_wh, b.retired_wh
FROM certificate_balance AS b
LEFT JOIN known AS k ON k.contract_id = b.contract_id AND k.region = b.region AND k.contract_month = b.production_month
LEFT JOIN told AS t ON t.contract_id = b.contract_id AND t.region = b.region AND t.production_month = b.production_month
WHERE k.batch_seq >= coalesce(t.batch_seq, 0) AND b.counted_wh - b.provisional_wh > b.retired_wh + b.deficit_wh
