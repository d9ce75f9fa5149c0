-- The factor of what no green supply is matched with, the same in every hour, one row per region-hour that a session touches
-- (equation E2).
SELECT DISTINCT h.region, h.hour_start, f.factor_ug_per_kwh AS intensity_ug_per_kwh,
  'residual: excluding market-traded non-fossil, ' || f.data_year AS factor_origin
FROM session_hour AS h
JOIN factor AS f ON f.source = 'residual' AND substr(h.region, 1, length(f.region) + 1) = f.region || '-'
