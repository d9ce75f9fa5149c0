-- Intensities of the export, one row per row of the file and basis that it tells: times in UTC without zone, figures in g/kWh.
WITH told_basis AS (
  SELECT
    r.row_number,
    told(r."Zone id")                                                         AS region,
    local_text_to_instant(r."Datetime (UTC)", '%Y-%m-%d %H:%M:%S', c.zone)    AS hour_start,
    truth_text_to_boolean(r."Data estimated")                                 AS is_estimated,
    unnest([
      {'basis': 'direct', 'text': told(r."Carbon intensity gCO₂eq/kWh (direct)")},
      {'basis': 'life_cycle', 'text': told(r."Carbon intensity gCO₂eq/kWh (Life cycle)")}
    ])                                                                        AS told
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
)
SELECT
  row_number,
  region,
  hour_start,
  g_per_kwh_text_to_ug_per_kwh(told.text) AS intensity_ug_per_kwh,
  told.basis                              AS basis,
  is_estimated
FROM told_basis
WHERE told.text IS NOT NULL
