-- Lineages that charged in a month in reach by any of their tellings, one row per lineage: who competes with them for green power, and who shares
-- its certificates.
SELECT c.session_id
FROM charging_session AS c
JOIN month_in_reach AS m ON m.month = month_start(local_date(c.ended_at, 'UTC'))
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN month_in_reach AS m ON m.month = month_start(local_date(c.started_at, 'UTC'))
UNION
SELECT e.session_id
FROM energy_match_log AS e
JOIN month_in_reach AS m ON m.month = month_start(local_date(e.hour_start, 'UTC'))
