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
SELECT DISTINCT number * 86400000000 AS start_us -- microseconds of a day
FROM (
  SELECT explode(sequence(b.first_day, b.last_day)) AS number
  FROM (
    SELECT CAST(int_div(epoch_s(day_start(s.from_day, 'UTC')), 86400) AS BIGINT) AS first_day, -- s in a day
      CAST(int_div(epoch_s(day_start(s.until_day, 'UTC')), 86400) AS BIGINT)     AS last_day
    FROM span AS s
  ) AS b
) AS days
