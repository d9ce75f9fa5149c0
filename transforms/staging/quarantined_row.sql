-- Rows that were refused, one row per refusal. is_waiting: no release has given the row another fate, or another rule, since.
WITH judged AS (
  SELECT o.landing_digest, o.row_number, o.outcome, b.batch_seq, b.source, b.landing_seq,
    coalesce(b.released_from, b.landing_digest) AS file_digest,
    row_number() OVER (PARTITION BY coalesce(b.released_from, b.landing_digest), o.row_number ORDER BY b.batch_seq DESC) AS place
  FROM row_outcome AS o
  JOIN batch AS b ON b.landing_digest = o.landing_digest AND b.state = 'staged'
  WHERE o.outcome = 'quarantined' OR b.released_from IS NOT NULL
)
SELECT j.file_digest, f.file_name, j.source, j.landing_seq, j.row_number, j.batch_seq, j.place = 1 AS is_waiting,
  q.relation, q.row_key, q.rule, q.rules, q.first_seen_at, q.row_json
FROM judged AS j
JOIN quarantine AS q ON q.landing_digest = j.landing_digest AND q.row_number = j.row_number
JOIN landing_file AS f ON f.landing_digest = j.file_digest
WHERE j.outcome = 'quarantined'
