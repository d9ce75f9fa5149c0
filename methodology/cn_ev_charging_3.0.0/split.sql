-- The meter reading split to metered intervals and the UTC hours that each of them touches, in proportion to time,
-- one row per session, interval and hour (equation E1). A session without metered intervals is one interval, its charging window.
-- The parts sum to the interval: each is a difference of floored running totals.
WITH span AS (
  SELECT
    i.session_id, i.interval_no, i.reading_wh,
    epoch_s(i.started_at) AS start_s,
    epoch_s(i.ended_at)   AS end_s,
    CASE WHEN epoch_s(i.ended_at) - epoch_s(i.started_at) <= 3600 THEN 'DQ1' ELSE 'DQ2' END AS data_quality_tier -- 3600 s are an hour
  FROM session_interval AS i
  UNION ALL
  SELECT s.session_id, CAST(0 AS BIGINT), s.reading_wh, epoch_s(s.started_at), epoch_s(s.ended_at), 'DQ3'
  FROM session AS s
  WHERE NOT EXISTS (SELECT 1 FROM session_interval AS i WHERE i.session_id = s.session_id)
),
window_hour AS (
  SELECT s.session_id, s.region, CAST(int_div(epoch_s(s.started_at), 3600) AS BIGINT) + o.hour_offset AS hour_number
  FROM session AS s
  JOIN hour_offset AS o -- the end is exclusive
    ON o.hours_touched = int_div(epoch_s(s.ended_at) - 1, 3600) - int_div(epoch_s(s.started_at), 3600) + 1
)
SELECT
  p.session_id,
  p.interval_no,
  h.region,
  instant_of(h.hour_number * 3600) AS hour_start,
  CAST(
    int_div(wide(p.reading_wh) * (LEAST(p.end_s, (h.hour_number + 1) * 3600) - p.start_s), p.end_s - p.start_s)
    - int_div(wide(p.reading_wh) * (GREATEST(p.start_s, h.hour_number * 3600) - p.start_s), p.end_s - p.start_s)
  AS BIGINT)                       AS reading_wh,
  p.data_quality_tier
FROM span AS p
JOIN window_hour AS h
  ON h.session_id = p.session_id AND h.hour_number * 3600 < p.end_s AND (h.hour_number + 1) * 3600 > p.start_s
