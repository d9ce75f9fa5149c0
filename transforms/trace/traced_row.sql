-- Rows received that tell a traced lineage, one row per row of a file and fate that it was given, in the order of landing; a release
-- gives a row in quarantine another fate, and the last one holds.
SELECT
  o.row_key                                                     AS session_id,
  f.landing_seq, f.landed_at, f.landing_digest, f.file_name, f.source, b.batch_seq, o.row_number,
  o.outcome, o.rule, q.rules, o.amount_wh, o.revised_at,
  b.released_from IS NOT NULL                                   AS is_release,
  lead(b.batch_seq) OVER (PARTITION BY f.landing_digest, o.row_number ORDER BY b.batch_seq) IS NULL AS is_last_fate
FROM row_outcome AS o
JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
JOIN landing_file AS f ON f.landing_digest = coalesce(b.released_from, b.landing_digest)
LEFT JOIN quarantine AS q ON q.landing_digest = o.landing_digest AND q.row_number = o.row_number
WHERE o.relation = 'charging_session'
ORDER BY session_id, f.landing_seq, o.row_number, b.batch_seq
