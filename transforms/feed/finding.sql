-- Where the reward service's list and the ledger differ, one row per finding.
-- missing: an entry that the list has not; doubled: one more telling of an entry; differing: another user or other points;
-- unknown: an entry_id that the ledger has not. Of several tellings one that agrees is the one that counts, else the first.
-- difference_points is what the finding puts between the two sums.
WITH told AS (
  SELECT c.row_number, c.entry_id, c.user_id, c.points, e.seq, e.user_id AS ledger_user_id, e.points AS ledger_points, e.is_asked,
    c.user_id = e.user_id AND c.points = e.points AS is_same,
    row_number() OVER (
      PARTITION BY c.entry_id ORDER BY c.user_id = e.user_id AND c.points = e.points DESC, c.row_number
    ) AS telling
  FROM credited AS c
  LEFT JOIN asked_entry AS e ON e.entry_id = c.entry_id
)
SELECT
  CASE WHEN t.seq IS NULL THEN 'unknown' WHEN t.telling > 1 THEN 'doubled' ELSE 'differing' END AS finding,
  t.entry_id, t.seq, t.row_number, t.user_id, t.ledger_user_id, t.points, t.ledger_points,
  CASE WHEN t.seq IS NULL OR t.telling > 1 THEN t.points ELSE t.points - t.ledger_points END AS difference_points
FROM told AS t
WHERE t.seq IS NULL OR (t.is_asked AND (t.telling > 1 OR NOT t.is_same))
UNION ALL
SELECT 'missing', e.entry_id, e.seq, NULL, NULL, e.user_id, NULL, e.points, -e.points
FROM asked_entry AS e
WHERE e.is_asked AND NOT EXISTS (SELECT 1 FROM credited AS c WHERE c.entry_id = e.entry_id)
ORDER BY seq NULLS LAST, row_number
