-- What the ledger holds for the touched lineages, one row per programme, lineage, vintage and user.
SELECT
  e.programme, e.session_id, e.vintage, e.user_id,
  CAST(SUM(e.points) AS BIGINT)                          AS points,
  CAST(SUM(e.emission_reductions_ng) AS DECIMAL(38,0))   AS emission_reductions_ng,
  CAST(SUM(e.not_awarded_ng) AS DECIMAL(38,0))           AS not_awarded_ng,
  CAST(SUM(e.clamped_ng) AS DECIMAL(38,0))               AS clamped_ng,
  CAST(SUM(e.rounding_ng) AS DECIMAL(38,0))              AS rounding_ng,
  CAST(SUM(e.capped_ng) AS DECIMAL(38,0))                AS capped_ng,
  COUNT(*)                                               AS entries
FROM ledger_entry_log AS e
JOIN session_touched AS t ON t.session_id = e.session_id
GROUP BY e.programme, e.session_id, e.vintage, e.user_id
