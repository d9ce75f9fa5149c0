-- Factors of the days that lineages in reach may rest on, one row per methodology version, region-hour and run that set it.
SELECT i.*
FROM whole_grid_intensity_state_log AS i
JOIN grid_day AS d ON d.start_us = epoch_us(i.hour_start) - epoch_us(i.hour_start) % 86400000000 -- microseconds of a day
