-- What certificates cover, one row per contract, region and production month, and one without a contract for what was bought by itself:
-- what became of them, what is matched with the contract, what of it counts, and what final vintages hold beyond what is retired.
WITH given AS (
  SELECT contract_id, region, production_month, COUNT(*) AS certificates, SUM(energy_wh) AS staged_wh,
    SUM(CASE WHEN fate = 'retired' THEN energy_wh ELSE 0 END)        AS retired_wh,
    SUM(CASE WHEN fate = 'retired late' THEN energy_wh ELSE 0 END)   AS late_wh,
    SUM(CASE WHEN fate = 'revoked' THEN energy_wh ELSE 0 END)        AS revoked_wh,
    SUM(CASE WHEN fate = 'expired' THEN energy_wh ELSE 0 END)        AS expired_wh,
    SUM(CASE WHEN fate = 'used elsewhere' THEN energy_wh ELSE 0 END) AS used_elsewhere_wh,
    SUM(CASE WHEN fate = 'unretired' THEN energy_wh ELSE 0 END)      AS unretired_wh
  FROM certificate_judged
  GROUP BY contract_id, region, production_month
),
matched AS (
  SELECT contract_id, region, contract_month, SUM(matched_wh) AS matched_wh, SUM(counted_wh) AS counted_wh,
    SUM(CASE WHEN provisional_until IS NOT NULL THEN counted_wh ELSE 0 END) AS provisional_wh,
    SUM(CASE WHEN is_final THEN counted_wh ELSE 0 END)                      AS final_wh
  FROM match_standing
  WHERE contract_id IS NOT NULL
  GROUP BY contract_id, region, contract_month
)
SELECT
  coalesce(g.contract_id, m.contract_id)                                         AS contract_id,
  coalesce(g.region, m.region)                                                   AS region,
  coalesce(g.production_month, m.contract_month)                                 AS production_month,
  CAST(coalesce(g.certificates, 0) AS BIGINT)                                    AS certificates,
  CAST(coalesce(g.staged_wh, 0) AS BIGINT)                                       AS staged_wh,
  CAST(coalesce(g.retired_wh, 0) AS BIGINT)                                      AS retired_wh,
  CAST(coalesce(g.late_wh, 0) AS BIGINT)                                         AS late_wh,
  CAST(coalesce(g.revoked_wh, 0) AS BIGINT)                                      AS revoked_wh,
  CAST(coalesce(g.expired_wh, 0) AS BIGINT)                                      AS expired_wh,
  CAST(coalesce(g.used_elsewhere_wh, 0) AS BIGINT)                               AS used_elsewhere_wh,
  CAST(coalesce(g.unretired_wh, 0) AS BIGINT)                                    AS unretired_wh,
  CAST(coalesce(m.matched_wh, 0) AS BIGINT)                                      AS matched_wh,
  CAST(coalesce(m.counted_wh, 0) AS BIGINT)                                      AS counted_wh,
  CAST(coalesce(m.provisional_wh, 0) AS BIGINT)                                  AS provisional_wh,
  CAST(GREATEST(coalesce(m.final_wh, 0) - coalesce(g.retired_wh, 0), 0) AS BIGINT) AS deficit_wh,
  CASE WHEN coalesce(g.contract_id, m.contract_id) IS NOT NULL THEN d.retirement_due END AS retirement_due,
  CASE WHEN coalesce(g.contract_id, m.contract_id) IS NOT NULL THEN d.retirement_due <= a.instant END AS is_past_due
FROM given AS g
FULL OUTER JOIN matched AS m ON m.contract_id = g.contract_id AND m.region = g.region AND m.contract_month = g.production_month
LEFT JOIN retirement_due AS d
  ON d.region = coalesce(g.region, m.region) AND d.contract_month = coalesce(g.production_month, m.contract_month)
CROSS JOIN accounted AS a
ORDER BY contract_id NULLS FIRST, region, production_month
