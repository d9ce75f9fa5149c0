-- The meter reading by UTC hour, one row per session and hour (equation E1): the intervals of the hour together.
SELECT session_id, region, hour_start, CAST(SUM(reading_wh) AS BIGINT) AS reading_wh
FROM interval_hour
GROUP BY session_id, region, hour_start
