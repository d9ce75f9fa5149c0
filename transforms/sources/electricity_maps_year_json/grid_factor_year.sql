-- Factors of zones, one row per zone: the year is told by the name of the file, and by no name that tells another number of four digits.
SELECT
  r.row_number,
  told(r.zone_key)                                              AS region,
  count_text_to_integer(regexp_extract(c.file_name, '^[^0-9]*([0-9]{4})[^0-9]*$', 1)) AS data_year,
  c.kind                                                        AS kind,
  g_per_kwh_text_to_ug_per_kwh(r."carbonIntensity.value")       AS intensity_ug_per_kwh,
  c.basis                                                       AS basis,
  told(r."carbonIntensity.unit")                                AS unit_text
FROM landed_row AS r
CROSS JOIN source_constant AS c
