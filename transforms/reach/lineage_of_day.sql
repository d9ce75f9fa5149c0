-- Lineages that ended on a day in reach by any of their tellings, one row per lineage: who shares a cap with one that is touched is among them.
WITH bucket AS (
  -- a local day lies on at most three days of 86 400 000 000 microseconds in UTC
  SELECT DISTINCT epoch_us(day_start(d.day, d.zone)) + 43200000000 * n.half
    - (epoch_us(day_start(d.day, d.zone)) + 43200000000 * n.half) % 86400000000 AS start_us
  FROM day_in_reach AS d
  CROSS JOIN (SELECT 0 AS half UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS n
),
near AS (
  SELECT c.session_id, c.ended_at
  FROM charging_session AS c
  JOIN bucket AS b ON b.start_us = epoch_us(c.ended_at) - epoch_us(c.ended_at) % 86400000000 -- microseconds of a day
)
SELECT DISTINCT n.session_id
FROM near AS n
CROSS JOIN (SELECT DISTINCT zone FROM programme) AS p
JOIN day_in_reach AS d ON d.zone = p.zone AND d.day = local_date(n.ended_at, p.zone)
