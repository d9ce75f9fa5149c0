-- The meter reading split to the UTC hours that the charging window touches, in proportion to time,
-- one row per session and hour (equation E1), under the province of the station: the first two digits of its county code.
-- The parts sum to the reading: each is a difference of floored running totals.
WITH span AS (
  SELECT
    s.session_id,
    p.region,
    s.reading_wh,
    epoch_s(started_at)                                  AS start_s,
    epoch_s(ended_at)                                    AS end_s,
    CAST(int_div(epoch_s(started_at), 3600) AS BIGINT)   AS first_hour, -- 3600 s are an hour
    CAST(int_div(epoch_s(ended_at) - 1, 3600) AS BIGINT) AS last_hour   -- the end is exclusive
  FROM session AS s
  JOIN province AS p ON p.county_prefix = substr(s.county_code, 1, length(p.county_prefix))
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
