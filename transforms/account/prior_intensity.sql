-- The factor that the ledger's assessments used last, one row per methodology version and region-hour.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY methodology, region, hour_start ORDER BY ledger_version DESC) AS place
  FROM grid_intensity_state_log
)
SELECT methodology, region, hour_start, intensity_ug_per_kwh, factor_origin, provisional_until
FROM told
WHERE place = 1
