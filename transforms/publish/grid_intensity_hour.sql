-- The factor of a region-hour, one row per methodology version and region-hour.
SELECT i.methodology, i.region, i.hour_start, i.intensity_ug_per_kwh, i.factor_origin, i.provisional_until
FROM prior_intensity AS i
CROSS JOIN published_window AS w
WHERE w.from_day IS NULL OR i.hour_start >= w.from_day
ORDER BY i.methodology, i.region, i.hour_start
