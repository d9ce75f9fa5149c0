-- The average factor of the province, the same in every hour, one row per province and hour that a session touches (equation E2).
-- A province without a published factor has the national one in the factor table, under its own name.
SELECT DISTINCT
  h.region,
  h.hour_start,
  f.factor_ug_per_kwh                                    AS intensity_ug_per_kwh,
  'annual ' || f.source || ', ' || f.data_year           AS factor_origin
FROM session_hour AS h
JOIN factor AS f ON f.region = h.region
