-- Generation of an hour, whole MWh, and what storages took in per thousand of it, one row per region-hour of the arriving file
-- that can be read.
WITH told AS (
  SELECT region, hour_start, row_number, max(hour_total_pwh) AS total_pwh,
    sum(CASE WHEN generation_pwh < 0 THEN -generation_pwh ELSE 0 END) AS taken_in_pwh
  FROM candidate_grid_mix_hour
  WHERE hour_start IS NOT NULL AND hour_total_pwh IS NOT NULL
  GROUP BY region, hour_start, row_number
)
SELECT
  region,
  hour_start,
  region || ' ' || strftime(hour_start, '%Y-%m-%dT%H:%M:%SZ')                      AS hour,
  CAST(int_div(max(total_pwh), 1000000000000000000) AS BIGINT)                     AS generation_mwh,
  CAST(least(max(int_div(taken_in_pwh * 1000, greatest(total_pwh, 1))), 1000000) AS BIGINT) AS taken_in_per_mille
FROM told
GROUP BY region, hour_start
