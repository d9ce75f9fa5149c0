-- The fate of every row of one landed file, one row per row of the file.
-- candidate_row: what the file says (rule is NULL where the row rules pass); earlier_revision: what was accepted before it.
WITH clash AS (
  SELECT row_key, revised_at
  FROM (
    SELECT row_key, revised_at, content_digest FROM candidate_row WHERE rule IS NULL AND NOT is_credit
    UNION ALL
    SELECT row_key, revised_at, content_digest FROM earlier_revision WHERE is_same_file
  ) AS told
  GROUP BY row_key, revised_at
  HAVING min(content_digest) <> max(content_digest)
),
judged AS (
  SELECT c.*, x.row_key IS NOT NULL AS is_clash,
    row_number() OVER (PARTITION BY c.row_key, c.content_digest, c.rule IS NULL ORDER BY c.row_number) > 1 AS is_repeat
  FROM candidate_row AS c
  LEFT JOIN clash AS x ON x.row_key = c.row_key AND x.revised_at IS NOT DISTINCT FROM c.revised_at AND c.rule IS NULL
    AND NOT c.is_credit -- a credit contradicts nothing: it withdraws
),
latest AS (
  SELECT row_key, max(revised_at) AS revised_at
  FROM (
    SELECT row_key, revised_at FROM earlier_revision
    UNION ALL
    SELECT row_key, revised_at FROM judged WHERE rule IS NULL AND NOT is_clash
  ) AS told
  GROUP BY row_key
),
known AS (SELECT DISTINCT row_key, content_digest FROM earlier_revision WHERE is_comparable)
SELECT
  j.row_number,
  j.row_key,
  j.content_digest,
  j.revised_at,
  CASE
    WHEN j.rule IS NOT NULL OR j.is_clash THEN 'quarantined'
    WHEN j.is_repeat OR k.row_key IS NOT NULL THEN 'duplicate'
    WHEN l.revised_at IS NOT NULL AND (j.revised_at IS NULL OR j.revised_at < l.revised_at) THEN 'superseded'
    ELSE 'accepted'
  END                                                                AS outcome,
  coalesce(j.rule, CASE WHEN j.is_clash THEN 'same_key_other_content' END)  AS rule,
  coalesce(j.rules, CASE WHEN j.is_clash THEN 'same_key_other_content' END) AS rules,
  j.amount_wh
FROM judged AS j
LEFT JOIN latest AS l ON l.row_key = j.row_key
LEFT JOIN known AS k ON k.row_key = j.row_key AND k.content_digest = j.content_digest
