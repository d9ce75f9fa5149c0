-- The fate of every row of a landed file after a release, one row per row: what the release changes, and the rest as it stands.
WITH standing AS (
  SELECT o.row_number, o.row_key, o.content_digest, o.revised_at, o.outcome, o.rule, o.amount_wh,
    row_number() OVER (PARTITION BY o.row_number ORDER BY b.batch_seq DESC) AS place
  FROM row_outcome AS o
  JOIN batch AS b ON b.landing_digest = o.landing_digest AND b.state = 'staged'
  JOIN release AS r ON r.file_digest = coalesce(b.released_from, b.landing_digest)
)
SELECT row_number, row_key, content_digest, revised_at, outcome, rule, rule AS rules, amount_wh
FROM standing
WHERE place = 1 AND row_number NOT IN (SELECT row_number FROM released_row)
UNION ALL
SELECT row_number, row_key, content_digest, revised_at, outcome, rule, rules, amount_wh
FROM released_row
