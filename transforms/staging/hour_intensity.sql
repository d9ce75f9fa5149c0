-- The higher of the intensities that are told of an hour, one row per region-hour of the arriving file that can be read.
SELECT region, hour_start, max(intensity_ug_per_kwh) AS intensity_ug_per_kwh
FROM candidate_grid_intensity_told
WHERE hour_start IS NOT NULL AND intensity_ug_per_kwh IS NOT NULL
GROUP BY region, hour_start
