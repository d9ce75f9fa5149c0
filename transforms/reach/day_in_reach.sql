-- Local days on which a lineage in reach ended by any of its tellings, one row per zone and day.
SELECT DISTINCT p.zone, local_date(c.ended_at, p.zone) AS day
FROM told_in_reach AS c
CROSS JOIN (SELECT DISTINCT zone FROM programme) AS p
