-- The border: hours that have been matched, one row per region-hour.
SELECT region, hour_start FROM match_hour_log
UNION
SELECT region, hour_start FROM match_hour
