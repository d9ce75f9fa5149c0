-- Accepted tellings of the lineages that came into reach last, one row per lineage and telling.
WITH holding AS (
  SELECT DISTINCT c.landing_digest
  FROM charging_session AS c
  JOIN lineage_added AS l ON l.session_id = c.session_id
)
SELECT c.*
FROM charging_session AS c
JOIN holding AS h ON h.landing_digest = c.landing_digest
JOIN lineage_added AS l ON l.session_id = c.session_id
