-- What this publication is: one row.
SELECT
  n.number,
  n.published_at,
  n.ledger_version,
  (SELECT coalesce(MAX(seq), 0) FROM ledger_entry_log)                                   AS last_seq,
  (SELECT CAST(coalesce(SUM(points), 0) AS DECIMAL(38,0)) FROM ledger_entry_log)         AS points,
  (SELECT COUNT(DISTINCT user_id) FROM ledger_entry_log)                                 AS users,
  (SELECT COUNT(*) FROM prior_state)                                                     AS sessions,
  n.previous_digest,
  n.package_version
FROM publishing AS n
