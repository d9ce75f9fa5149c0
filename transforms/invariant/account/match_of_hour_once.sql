-- An hour is matched once: one row per region-hour that this run matches though it was matched, or twice.
SELECT n.region, n.hour_start, COUNT(*) AS times
FROM (
  SELECT region, hour_start FROM match_hour
  UNION ALL
  SELECT l.region, l.hour_start FROM match_hour_log AS l JOIN match_hour AS m ON m.region = l.region AND m.hour_start = l.hour_start
) AS n
GROUP BY n.region, n.hour_start
HAVING COUNT(*) > 1
