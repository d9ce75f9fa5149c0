-- Sessions whose connector is known, one row per lineage that counts, what is held as it stood: it keeps its place on the connector until
-- somebody decides.
SELECT c.session_id, c.issuer, c.started_at, c.ended_at, c.reading_wh, c.connector, c.is_operators_own, c.has_final_award
FROM connector_now AS c
LEFT JOIN held_session AS h ON h.session_id = c.session_id
WHERE h.session_id IS NULL
UNION ALL
SELECT s.session_id, n.issuer, s.started_at, s.ended_at, s.reading_wh, p.connector, n.issuer = s.operator_id AS is_operators_own,
  true AS has_final_award
FROM session_as_stood AS s
JOIN session_current AS n ON n.session_id = s.session_id
JOIN prior_state AS p ON p.session_id = s.session_id AND p.connector IS NOT NULL
