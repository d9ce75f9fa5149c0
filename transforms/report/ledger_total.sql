-- The fold of the ledger at the publication, one row per methodology version and digest.
SELECT
  e.methodology,
  e.methodology_digest,
  COUNT(*)                                         AS entries,
  MIN(e.vintage)                                   AS first_vintage,
  MAX(e.vintage)                                   AS last_vintage,
  CAST(SUM(e.points) AS DECIMAL(38,0))             AS points,
  CAST(SUM(e.emission_reductions_ng) AS DECIMAL(38,0)) AS emission_reductions_ng,
  CAST(SUM(e.not_awarded_ng) AS DECIMAL(38,0))     AS not_awarded_ng,
  CAST(SUM(e.clamped_ng) AS DECIMAL(38,0))         AS clamped_ng,
  CAST(SUM(e.rounding_ng) AS DECIMAL(38,0))        AS rounding_ng,
  CAST(SUM(e.capped_ng) AS DECIMAL(38,0))          AS capped_ng
FROM ledger_entry_log AS e
JOIN programme_in_report AS p ON p.programme = e.programme
GROUP BY e.methodology, e.methodology_digest
ORDER BY e.methodology, e.methodology_digest
