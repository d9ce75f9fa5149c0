-- Of the tellings of one charge at most one is awarded, unless more were final before: one row per pair that breaks this.
WITH live AS (
  SELECT session_id FROM session_award
  UNION ALL
  SELECT p.session_id FROM prior_state AS p
  WHERE p.state = 'awarded' AND NOT EXISTS (SELECT 1 FROM session_touched AS t WHERE t.session_id = p.session_id)
)
SELECT r.session_id, r.rival_id
FROM claim_rival AS r
JOIN live AS l ON l.session_id = r.session_id
JOIN live AS h ON h.session_id = r.rival_id
