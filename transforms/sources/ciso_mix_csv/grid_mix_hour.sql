-- Generation of California ISO, one row per row of the file and source that it tells; nat_gas is gas; a figure that is not there refuses the hour.
WITH told_source AS (
  SELECT r.row_number, c.region AS region, iso_text_to_instant(r."UTC time") AS hour_start, unnest([
    {'source': 'coal', 'text': told(r.coal)},
    {'source': 'gas', 'text': told(r.nat_gas)},
    {'source': 'nuclear', 'text': told(r.nuclear)},
    {'source': 'oil', 'text': told(r.oil)},
    {'source': 'hydro', 'text': told(r.hydro)},
    {'source': 'solar', 'text': told(r.solar)},
    {'source': 'wind', 'text': told(r.wind)},
    {'source': 'other', 'text': told(r.other)}
  ]) AS told
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
),
figure AS (
  SELECT row_number, region, hour_start, told.source AS source, mwh_text_to_pwh(told.text) AS generation_pwh
  FROM told_source
)
SELECT *, sum(CASE WHEN generation_pwh > 0 THEN generation_pwh ELSE 0 END) OVER (PARTITION BY row_number) AS hour_total_pwh
FROM figure
