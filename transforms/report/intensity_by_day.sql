-- Intensity of a local day, and how many region-hours of it lack a factor, one row per day with either.
-- A region owes the hours from its first session to its last, where the programme's versions wait for a missing hour.
WITH used AS (
  SELECT
    r.region, p.zone, p.first_vintage, p.last_vintage, p.waits,
    MIN(s.started_at) AS first_at,
    MAX(s.ended_at)   AS last_at
  FROM session_current AS s
  LEFT JOIN session_station AS t ON t.session_id = s.session_id
  JOIN region_in_report AS r ON r.region = coalesce(s.region, t.region)
  JOIN programme_in_report AS p ON p.programme = r.programme
  WHERE local_date(s.ended_at, p.zone) BETWEEN p.first_vintage AND p.last_vintage
  GROUP BY r.region, p.zone, p.first_vintage, p.last_vintage, p.waits
),
owed AS (
  SELECT
    region,
    zone,
    unnest(range(
      -- 3600 s are an hour; the end is exclusive
      CAST(int_div(GREATEST(epoch_s(first_at), epoch_s(day_start(first_vintage, zone))), 3600) AS BIGINT),
      CAST(int_div(epoch_s(last_at) - 1, 3600) AS BIGINT) + 1
    )) AS hour_number
  FROM used
  WHERE waits
),
told AS (
  SELECT
    g.region,
    u.zone,
    CAST(int_div(epoch_s(g.hour_start), 3600) AS BIGINT)                   AS hour_number,
    MIN(g.intensity_ug_per_kwh)                                            AS lowest_ug_per_kwh,
    CAST(int_div(SUM(wide(g.intensity_ug_per_kwh)), COUNT(*)) AS BIGINT)   AS mean_ug_per_kwh,
    MAX(g.intensity_ug_per_kwh)                                            AS highest_ug_per_kwh
  FROM published.grid_intensity_hour AS g
  JOIN used AS u ON u.region = g.region
  WHERE local_date(g.hour_start, u.zone) BETWEEN u.first_vintage AND u.last_vintage
  GROUP BY g.region, u.zone, g.hour_start
)
SELECT
  local_date(instant_of(hour_number * 3600), zone)                          AS local_day,
  COUNT(*) FILTER (WHERE o.region IS NOT NULL AND t.region IS NULL)         AS hours_missing,
  MIN(t.lowest_ug_per_kwh)                                                  AS lowest_ug_per_kwh,
  CAST(int_div(SUM(wide(t.mean_ug_per_kwh)), COUNT(t.region)) AS BIGINT)    AS mean_ug_per_kwh,
  MAX(t.highest_ug_per_kwh)                                                 AS highest_ug_per_kwh
FROM owed AS o
FULL JOIN told AS t USING (region, zone, hour_number)
GROUP BY local_day
ORDER BY local_day
