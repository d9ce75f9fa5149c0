-- Rows of one landed file that a release takes up, as their source reads them today, one row per row that waits and is asked for.
-- A session keeps the key that it was received under: under another it would be another session.
SELECT
  c.* REPLACE (
    CASE WHEN r.keeps_key THEN coalesce(w.row_key, c.row_key) ELSE c.row_key END             AS row_key,
    coalesce(c.rule, CASE WHEN r.keeps_key AND w.row_key <> c.row_key THEN 'key_as_received' END)  AS rule,
    coalesce(c.rules, CASE WHEN r.keeps_key AND w.row_key <> c.row_key THEN 'key_as_received' END) AS rules
  )
FROM row_of_file AS c
JOIN release AS r ON true
JOIN quarantined_row AS w ON w.file_digest = r.file_digest AND w.row_number = c.row_number AND w.is_waiting
WHERE (r.rule IS NULL OR w.rule = r.rule) AND (r.batch_seq IS NULL OR w.batch_seq = r.batch_seq)
