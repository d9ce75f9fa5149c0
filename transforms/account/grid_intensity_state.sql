-- Factors that this run gives for the first time or anew, one row per methodology version and region-hour.
SELECT methodology, region, hour_start, intensity_ug_per_kwh, factor_origin, provisional_until
FROM grid_intensity_hour
EXCEPT
SELECT methodology, region, hour_start, intensity_ug_per_kwh, factor_origin, provisional_until
FROM prior_intensity
