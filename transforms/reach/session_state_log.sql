-- States of lineages in reach, one row per lineage and run that set it. A lineage has a vintage by the end of one of its tellings, in whatever
-- zone, or none.
WITH vintage_of AS (
  SELECT DISTINCT date_add_days(local_date(c.ended_at, 'UTC'), n.days) AS vintage
  FROM charging_session AS c
  CROSS JOIN (SELECT -1 AS days UNION ALL SELECT 0 UNION ALL SELECT 1) AS n
)
SELECT s.*
FROM whole_session_state_log AS s
JOIN vintage_of AS v ON v.vintage = s.vintage
JOIN lineage_in_reach AS l ON l.session_id = s.session_id
UNION ALL
SELECT s.*
FROM whole_session_state_log AS s
JOIN lineage_in_reach AS l ON l.session_id = s.session_id
WHERE s.vintage IS NULL
