-- After the run every touched lineage has exactly one state: one row per lineage that breaks this.
SELECT t.session_id, COUNT(s.session_id) AS states
FROM session_touched AS t
LEFT JOIN (
  SELECT session_id FROM session_state
  UNION ALL
  SELECT p.session_id FROM prior_state AS p
  WHERE NOT EXISTS (SELECT 1 FROM session_state AS n WHERE n.session_id = p.session_id)
) AS s ON s.session_id = t.session_id
GROUP BY t.session_id
HAVING COUNT(s.session_id) <> 1
