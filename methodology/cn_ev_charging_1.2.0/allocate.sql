-- The meter reading split to the UTC hours that the charging window touches, in proportion to time,
-- one row per session and hour (equation E1). The parts sum to the reading: each is a difference of floored running totals.
WITH span AS (
  SELECT
    session_id,
    region,
    reading_wh,
    epoch_s(started_at)                                  AS start_s,
    epoch_s(ended_at)                                    AS end_s,
    CAST(int_div(epoch_s(started_at), 3600) AS BIGINT)   AS first_hour, -- 3600 s are an hour
    CAST(int_div(epoch_s(ended_at) - 1, 3600) AS BIGINT) AS last_hour   -- the end is exclusive
  FROM session
),
touched AS (
  SELECT s.*, s.first_hour + o.hour_offset AS hour_number
  FROM span AS s
  JOIN hour_offset AS o ON o.hours_touched = s.last_hour - s.first_hour + 1
)
SELECT
  session_id,
  region,
  instant_of(hour_number * 3600) AS hour_start,
  CAST(
    int_div(wide(reading_wh) * (LEAST(end_s, (hour_number + 1) * 3600) - start_s), end_s - start_s)
    - int_div(wide(reading_wh) * (GREATEST(start_s, hour_number * 3600) - start_s), end_s - start_s)
  AS BIGINT)                     AS reading_wh
FROM touched
