-- The location-based intensity, shown beside, one row per region-hour (equations E12 and E13): of every hour whose mix is told, and
-- of every missing hour that a session touches and that something stands in for.
-- A source that the factor table does not list counts as unknown; a negative source, a storage taking in, counts 0.
WITH source_hour AS (
  SELECT
    m.region, m.hour_start, m.is_estimated,
    CASE WHEN m.generation_pwh > 0 THEN wide(m.generation_pwh) ELSE wide(0) END AS generation_pwh,
    coalesce(f.factor_ug_per_kwh, u.factor_ug_per_kwh)                          AS factor_ug_per_kwh
  FROM grid_mix_hour AS m
  JOIN factor AS u ON u.source = 'unknown' AND substr(m.region, 1, length(u.region) + 1) = u.region || '-'
  LEFT JOIN factor AS f ON f.source = m.source AND f.region = u.region
),
known AS (
  SELECT
    region, hour_start,
    CAST(div_up(SUM(generation_pwh * factor_ug_per_kwh), SUM(generation_pwh)) AS BIGINT) AS intensity_ug_per_kwh,
    MAX(CASE WHEN is_estimated THEN 1 ELSE 0 END)                                        AS is_estimated
  FROM source_hour
  GROUP BY region, hour_start
  HAVING SUM(generation_pwh) > 0
),
deadline AS (
  SELECT w.value AS fallback_window_h, d.value AS missing_hour_deadline_s, epoch_s(c.instant) AS clock_s
  FROM parameter AS w
  CROSS JOIN parameter AS d
  CROSS JOIN run_clock AS c
  WHERE w.name = 'fallback_window_h' AND d.name = 'missing_hour_deadline_s'
),
missing AS (
  SELECT DISTINCT h.region, h.hour_start
  FROM session_hour AS h
  LEFT JOIN known AS k ON k.region = h.region AND k.hour_start = h.hour_start
  WHERE k.region IS NULL
),
stood_in AS (
  SELECT m.region, m.hour_start, MAX(k.intensity_ug_per_kwh) AS highest_ug_per_kwh
  FROM missing AS m
  CROSS JOIN deadline AS d
  LEFT JOIN known AS k
    ON k.region = m.region AND k.hour_start < m.hour_start
    AND epoch_s(k.hour_start) >= epoch_s(m.hour_start) - d.fallback_window_h * 3600 -- 3600 s are an hour
  GROUP BY m.region, m.hour_start
),
given AS (
  SELECT k.region, k.hour_start, k.intensity_ug_per_kwh,
    CASE WHEN k.is_estimated = 1 THEN 'estimated generation mix of the hour' ELSE 'generation mix of the hour' END AS factor_origin,
    k.is_estimated = 1 AS is_open
  FROM known AS k
  UNION ALL
  SELECT s.region, s.hour_start,
    CASE WHEN epoch_s(s.hour_start) + 3600 + d.missing_hour_deadline_s <= d.clock_s THEN u.factor_ug_per_kwh
         ELSE s.highest_ug_per_kwh END,
    CASE WHEN epoch_s(s.hour_start) + 3600 + d.missing_hour_deadline_s <= d.clock_s THEN 'fossil only: the hour was never told'
         ELSE 'the highest known of the hours before: the hour is missing' END,
    true
  FROM stood_in AS s
  CROSS JOIN deadline AS d
  JOIN factor AS u ON u.source = 'unknown' AND substr(s.region, 1, length(u.region) + 1) = u.region || '-'
)
SELECT
  g.region,
  g.hour_start,
  CAST(g.intensity_ug_per_kwh AS BIGINT) AS intensity_ug_per_kwh,
  g.factor_origin,
  CASE WHEN g.is_open AND epoch_s(g.hour_start) + 3600 + d.missing_hour_deadline_s > d.clock_s
       THEN instant_of(epoch_s(g.hour_start) + 3600 + d.missing_hour_deadline_s) END AS provisional_until
FROM given AS g
CROSS JOIN deadline AS d
WHERE g.intensity_ug_per_kwh IS NOT NULL
