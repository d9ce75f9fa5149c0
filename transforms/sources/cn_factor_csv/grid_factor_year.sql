-- Factors of the table, one row per row of the file: kg CO2 per kWh of the fuel burnt in power plants, nothing upstream.
SELECT
  r.row_number,
  told(r.code)                                   AS region,
  count_text_to_integer(r.data_year)             AS data_year,
  told(r.kind)                                   AS kind,
  kg_per_kwh_text_to_ug_per_kwh(r.kgco2_per_kwh) AS intensity_ug_per_kwh,
  c.basis                                        AS basis
FROM landed_row AS r
CROSS JOIN source_constant AS c
