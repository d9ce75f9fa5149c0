-- Generation of the canonical CSV, one row per row of the file and source that it tells; an empty figure is not told.
WITH told_source AS (
  SELECT r.row_number, told(r.region) AS region, iso_text_to_instant(r.hour_start) AS hour_start,
    told(r.is_estimated) AS estimate_text, unnest([
    {'source': 'coal', 'text': told(r.coal_mwh)},
    {'source': 'gas', 'text': told(r.gas_mwh)},
    {'source': 'oil', 'text': told(r.oil_mwh)},
    {'source': 'nuclear', 'text': told(r.nuclear_mwh)},
    {'source': 'hydro', 'text': told(r.hydro_mwh)},
    {'source': 'wind', 'text': told(r.wind_mwh)},
    {'source': 'solar', 'text': told(r.solar_mwh)},
    {'source': 'biomass', 'text': told(r.biomass_mwh)},
    {'source': 'geothermal', 'text': told(r.geothermal_mwh)},
    {'source': 'unknown', 'text': told(r.unknown_mwh)}
  ]) AS told
  FROM landed_row AS r
),
figure AS (
  SELECT row_number, region, hour_start, told.source AS source, mwh_text_to_pwh(told.text) AS generation_pwh,
    truth_text_to_boolean(estimate_text) AS is_estimated, estimate_text
  FROM told_source
  WHERE told.text IS NOT NULL
)
SELECT *, sum(CASE WHEN generation_pwh > 0 THEN generation_pwh ELSE 0 END) OVER (PARTITION BY row_number) AS hour_total_pwh
FROM figure
