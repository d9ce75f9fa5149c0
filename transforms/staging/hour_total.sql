-- Whole MWh generated, one row per region-hour of the arriving file that can be read.
SELECT region, hour_start, CAST(int_div(max(hour_total_pwh), 1000000000000000000) AS BIGINT) AS generation_mwh
FROM candidate_grid_mix_hour
WHERE hour_start IS NOT NULL AND hour_total_pwh IS NOT NULL
GROUP BY region, hour_start
