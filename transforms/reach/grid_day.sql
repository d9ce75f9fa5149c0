-- Days in UTC of the hours that lineages in reach may rest on, and of the hours that arrived, one row per day in microseconds since 1970.
WITH reach AS (SELECT 1 + int_div(MAX(coalesce(fallback_window_h, 0)) + 24, 24) AS days FROM methodology_reach), -- 24 hours are a day
span AS (
  SELECT DISTINCT date_add_days(local_date(c.started_at, 'UTC'), -r.days) AS from_day, local_date(c.ended_at, 'UTC') AS until_day
  FROM charging_session AS c
  CROSS JOIN reach AS r
  UNION
  SELECT local_date(from_instant, 'UTC'), local_date(until_instant, 'UTC')
  FROM hour_pending
)
SELECT DISTINCT epoch_us(d.day) AS start_us
FROM span AS s
CROSS JOIN unnest(generate_series(s.from_day, s.until_day, INTERVAL 1 DAY)) AS d(day)
