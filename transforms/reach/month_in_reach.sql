-- Months of the green power that lineages in reach may be matched with, one row per month: theirs, and those of supply and of certificates
-- that arrived.
WITH told AS (
  SELECT c.started_at AS instant
  FROM told_in_reach AS c
  UNION ALL
  SELECT c.ended_at
  FROM told_in_reach AS c
  UNION ALL
  SELECT s.hour_start
  FROM green_supply_hour AS s
  JOIN batch_pending AS b ON b.landing_digest = s.landing_digest
)
SELECT DISTINCT month_start(date_add_days(local_date(t.instant, 'UTC'), n.days)) AS month
FROM told AS t
CROSS JOIN (SELECT -1 AS days UNION ALL SELECT 1) AS n -- whatever the zone
UNION
SELECT t.production_month
FROM certificate AS c
JOIN batch_pending AS b ON b.landing_digest = c.landing_digest
JOIN certificate AS t ON t.registry = c.registry AND t.serial = c.serial
