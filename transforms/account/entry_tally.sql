-- What this run posts, one row per programme, vintage, period, kind and reason of its entries. The sum over all runs is the ledger.
SELECT
  programme, vintage, period, kind, reason,
  COUNT(*)                                               AS entries,
  CAST(SUM(points) AS BIGINT)                            AS points,
  CAST(SUM(emission_reductions_ng) AS DECIMAL(38,0))     AS emission_reductions_ng,
  CAST(SUM(not_awarded_ng) AS DECIMAL(38,0))             AS not_awarded_ng,
  CAST(SUM(clamped_ng) AS DECIMAL(38,0))                 AS clamped_ng,
  CAST(SUM(rounding_ng) AS DECIMAL(38,0))                AS rounding_ng,
  CAST(SUM(capped_ng) AS DECIMAL(38,0))                  AS capped_ng
FROM ledger_entry
GROUP BY programme, vintage, period, kind, reason
