-- What this run posts, one row per programme, vintage, period, kind and reason of its entries. The sum over all runs is the ledger.
-- fallen: entries that take points from an award of a vintage that was not final before this run.
SELECT
  e.programme, e.vintage, e.period, e.kind, e.reason,
  COUNT(*)                                               AS entries,
  CAST(SUM(CASE WHEN e.points < 0 AND v.state IS DISTINCT FROM 'final' THEN 1 ELSE 0 END) AS BIGINT) AS fallen,
  CAST(SUM(e.points) AS BIGINT)                            AS points,
  CAST(SUM(e.emission_reductions_ng) AS DECIMAL(38,0))     AS emission_reductions_ng,
  CAST(SUM(e.not_awarded_ng) AS DECIMAL(38,0))             AS not_awarded_ng,
  CAST(SUM(e.clamped_ng) AS DECIMAL(38,0))                 AS clamped_ng,
  CAST(SUM(e.rounding_ng) AS DECIMAL(38,0))                AS rounding_ng,
  CAST(SUM(e.capped_ng) AS DECIMAL(38,0))                  AS capped_ng
FROM ledger_entry AS e
LEFT JOIN prior_vintage AS v ON v.programme = e.programme AND v.vintage = e.vintage
GROUP BY e.programme, e.vintage, e.period, e.kind, e.reason
