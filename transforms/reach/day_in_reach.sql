-- Local days on which a lineage in reach ended by any of its tellings, one row per zone and day.
SELECT DISTINCT p.zone, local_date(c.ended_at, p.zone) AS day
FROM charging_session AS c
JOIN lineage_in_reach AS l ON l.session_id = c.session_id
CROSS JOIN (SELECT DISTINCT zone FROM programme) AS p
