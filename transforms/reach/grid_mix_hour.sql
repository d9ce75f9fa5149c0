-- The mix of the days that lineages in reach may rest on, one row per telling of a region-hour and source.
SELECT m.*
FROM whole_grid_mix_hour AS m
JOIN grid_day AS d ON d.start_us = epoch_us(m.hour_start) - epoch_us(m.hour_start) % 86400000000 -- microseconds of a day
