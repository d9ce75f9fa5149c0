-- Lineages that charged in a month in reach, in whatever zone, by any of their tellings, one row per lineage: who competes with them for green
-- power, and who shares its certificates.
WITH told AS (
  SELECT session_id, ended_at AS instant FROM charging_session
  UNION ALL
  SELECT session_id, started_at FROM charging_session
  UNION ALL
  SELECT session_id, hour_start FROM energy_match_log
)
SELECT DISTINCT t.session_id
FROM told AS t
CROSS JOIN (SELECT -1 AS days UNION ALL SELECT 1) AS n -- a month of one zone begins within a day of that of another
JOIN month_in_reach AS m ON m.month = month_start(date_add_days(local_date(t.instant, 'UTC'), n.days))
