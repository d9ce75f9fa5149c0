-- Accepted tellings of lineages in reach, one row per lineage and telling.
WITH holding AS (
  SELECT DISTINCT c.landing_digest
  FROM whole_charging_session AS c
  JOIN lineage_in_reach AS l ON l.session_id = c.session_id
)
SELECT c.*
FROM whole_charging_session AS c
JOIN holding AS h ON h.landing_digest = c.landing_digest
JOIN lineage_in_reach AS l ON l.session_id = c.session_id
