-- Intensities of the API, one row per row of the file: an instant with its offset, a figure in g/kWh on one basis.
SELECT
  r.row_number,
  told(r.zone)                                                  AS region,
  iso_text_to_instant(r.datetime)                               AS hour_start,
  g_per_kwh_text_to_ug_per_kwh(r."carbonIntensity")             AS intensity_ug_per_kwh,
  CASE told(r."emissionFactorType") WHEN 'lifecycle' THEN 'life_cycle' ELSE told(r."emissionFactorType") END AS basis,
  truth_text_to_boolean(r."isEstimated")                        AS is_estimated,
  told(r."temporalGranularity")                                 AS granularity_text
FROM landed_row AS r
