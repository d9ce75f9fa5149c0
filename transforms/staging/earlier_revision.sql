-- Revisions accepted from files that landed earlier, one row per revision of a key that the arriving file names too. A file
-- whose staging was cut off does not count: its rows are not there yet. A release also meets the other rows of its file.
-- is_comparable: a row equal to this one is a duplicate. Of an hour that is restated only the latest revision is compared.
SELECT o.row_key, o.content_digest, o.revised_at,
  f.landing_seq = p.landing_seq AS is_same_file,
  p.compares_all
  OR row_number() OVER (PARTITION BY o.row_key ORDER BY f.landing_seq DESC, o.row_number DESC) = 1 AS is_comparable
FROM row_outcome AS o
JOIN batch AS f ON f.landing_digest = o.landing_digest AND f.state = 'staged'
JOIN candidate_key AS c ON c.row_key = o.row_key
CROSS JOIN duplicate_policy AS p
WHERE o.relation = p.relation AND f.landing_seq <= p.landing_seq
  AND (o.outcome IN ('accepted', 'superseded') OR (o.outcome = 'duplicate' AND f.landing_seq = p.landing_seq))
