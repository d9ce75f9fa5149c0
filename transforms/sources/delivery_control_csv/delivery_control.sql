-- Control totals of the canonical CSV, one row per row of the file: a local day, a count, energy in kWh.
SELECT
  r.row_number,
  upper(told(r.operator))           AS issuer,
  iso_text_to_day(r.day)            AS day,
  told(r.region)                    AS region,
  count_text_to_integer(r.sessions) AS sessions,
  kwh_text_to_wh(r.energy_kwh)      AS energy_wh,
  told(r.energy_kwh)                AS energy_text
FROM landed_row AS r
