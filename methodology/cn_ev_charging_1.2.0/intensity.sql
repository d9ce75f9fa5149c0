-- The national average factor in use, one row per region-hour that a session touches (equation E2).
SELECT
  h.region,
  h.hour_start,
  CAST(f.factor_ug_per_kwh AS BIGINT)            AS intensity_ug_per_kwh,
  'national average of ' || f.data_year          AS factor_origin
FROM (SELECT DISTINCT region, hour_start FROM session_hour) AS h
JOIN factor AS f
  ON f.source = 'average' AND substr(h.region, 1, length(f.region) + 1) = f.region || '-'
