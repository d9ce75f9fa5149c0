-- What this publication is: one row.
SELECT
  n.number,
  n.published_at,
  n.ledger_version,
  (SELECT CAST(coalesce(SUM(entries), 0) AS BIGINT) FROM entry_tally_log)                AS last_seq,
  (SELECT CAST(coalesce(SUM(points), 0) AS DECIMAL(38,0)) FROM entry_tally_log)          AS points,
  (SELECT COUNT(DISTINCT user_id) FROM user_points)                                      AS users,
  (SELECT CAST(coalesce(SUM(sessions), 0) AS BIGINT) FROM state_tally_log)               AS sessions,
  n.previous_digest,
  n.package_version
FROM publishing AS n
