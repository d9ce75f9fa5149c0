-- No two live awards claim overlapping time on one connector, unless both were final before: one row per session that breaks this.
WITH live AS (
  SELECT c.session_id, c.connector, c.started_at, c.ended_at, c.has_final_award
  FROM connector_session AS c
  JOIN session_award AS w ON w.session_id = c.session_id
),
standing AS (
  SELECT c.session_id, c.connector, c.started_at, c.ended_at, c.has_final_award
  FROM connector_session AS c
  JOIN prior_state AS p ON p.session_id = c.session_id AND p.state = 'awarded'
  WHERE NOT EXISTS (SELECT 1 FROM session_touched AS t WHERE t.session_id = c.session_id)
)
SELECT l.session_id, o.session_id AS other_id
FROM live AS l
JOIN (SELECT * FROM live UNION ALL SELECT * FROM standing) AS o
  ON o.connector = l.connector AND o.session_id <> l.session_id AND o.started_at < l.ended_at AND l.started_at < o.ended_at
WHERE NOT (l.has_final_award AND o.has_final_award)
