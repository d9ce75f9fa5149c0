-- The next tellings that are decided, one row per lineage: whoever has no rival left to decide holds its claim, and who has a
-- holder as a rival is a duplicate of the first of them.
WITH undecided AS (
  SELECT session_id FROM (SELECT session_id FROM claim_rival UNION SELECT rival_id FROM claim_rival) AS all_of_them
  WHERE session_id NOT IN (SELECT session_id FROM claim_decided)
),
holder AS (
  SELECT u.session_id
  FROM undecided AS u
  WHERE NOT EXISTS (SELECT 1 FROM claim_rival AS r JOIN undecided AS o ON o.session_id = r.rival_id WHERE r.session_id = u.session_id)
)
SELECT session_id, CAST(NULL AS STRING) AS holder_id
FROM holder
UNION ALL
SELECT r.session_id, MIN(r.rival_id)
FROM claim_rival AS r
JOIN holder AS h ON h.session_id = r.rival_id
JOIN undecided AS u ON u.session_id = r.session_id
GROUP BY r.session_id
