-- Direct emission intensity of a region's generation, one row per region-hour (equation E2).
-- A source that the factor table does not list counts as unknown; a negative source, a storage taking in, counts 0.
WITH source_hour AS (
  SELECT
    m.region,
    m.hour_start,
    CASE WHEN m.generation_pwh > 0 THEN wide(m.generation_pwh) ELSE wide(0) END AS generation_pwh,
    coalesce(f.factor_ug_per_kwh, u.factor_ug_per_kwh)                          AS factor_ug_per_kwh
  FROM grid_mix_hour AS m
  JOIN factor AS u
    ON u.source = 'unknown' AND substr(m.region, 1, length(u.region) + 1) = u.region || '-'
  LEFT JOIN factor AS f
    ON f.source = m.source AND f.region = u.region
)
SELECT
  region,
  hour_start,
  CAST(div_up(SUM(generation_pwh * factor_ug_per_kwh), SUM(generation_pwh)) AS BIGINT) AS intensity_ug_per_kwh,
  'generation mix of the hour'                                                         AS factor_origin
FROM source_hour
GROUP BY region, hour_start
HAVING SUM(generation_pwh) > 0
