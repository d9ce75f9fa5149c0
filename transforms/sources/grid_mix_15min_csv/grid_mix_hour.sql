-- Generation told in parts of an hour, one row per row of the file and source that its hour tells.
-- Every row of an hour tells the whole hour, the sum of its parts: the first row carries it, the others are its duplicates.
WITH told_row AS (
  SELECT
    r.row_number,
    told(r.region)                                                                            AS region,
    iso_text_to_instant_in(r.part_start, c.zone)                                              AS part_start,
    iso_text_to_local(r.part_start) IS NULL OR occurs_once(iso_text_to_local(r.part_start), c.zone) AS is_clear,
    CAST(c.step_minutes AS BIGINT) * 60 /* seconds */                                         AS step_s,
    told(r.is_estimated)                                                                      AS estimate_text,
    [{'source': 'coal', 'text': told(r.coal_mwh)}, {'source': 'gas', 'text': told(r.gas_mwh)},
     {'source': 'oil', 'text': told(r.oil_mwh)}, {'source': 'nuclear', 'text': told(r.nuclear_mwh)},
     {'source': 'hydro', 'text': told(r.hydro_mwh)}, {'source': 'wind', 'text': told(r.wind_mwh)},
     {'source': 'solar', 'text': told(r.solar_mwh)}, {'source': 'biomass', 'text': told(r.biomass_mwh)},
     {'source': 'geothermal', 'text': told(r.geothermal_mwh)}, {'source': 'unknown', 'text': told(r.unknown_mwh)}] AS figures
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
),
part_row AS (
  SELECT *,
    -- A part that does not start at a multiple of its length belongs to no hour, and is shown as it is to be refused.
    CASE WHEN epoch_s(part_start) % step_s = 0 THEN instant_of(int_div(epoch_s(part_start), 3600) * 3600)
         ELSE part_start END AS hour_start
  FROM told_row
),
figure AS (
  SELECT DISTINCT region, hour_start, is_clear, part_start, step_s, estimate_text,
    told.source AS source, mwh_text_to_pwh(told.text) AS generation_pwh
  FROM (SELECT *, unnest(figures) AS told FROM part_row)
  WHERE told.text IS NOT NULL
),
hour AS (
  SELECT region, hour_start, is_clear, source,
    -- A sum leaves out what cannot be read, and part of a mix is another mix.
    CASE WHEN bool_and(generation_pwh IS NOT NULL) THEN CAST(sum(generation_pwh) AS DECIMAL(38,0)) END AS generation_pwh,
    count(DISTINCT part_start)                    AS parts_told,
    int_div(3600, max(step_s))                    AS parts_owed,
    count(*) <= count(DISTINCT part_start)        AS is_agreed,
    CASE WHEN bool_or(truth_text_to_boolean(estimate_text)) THEN true
         WHEN bool_and(truth_text_to_boolean(estimate_text) IS NOT NULL) THEN false END AS is_estimated,
    max(estimate_text) FILTER (WHERE truth_text_to_boolean(estimate_text) IS NULL)     AS unread_text
  FROM figure
  GROUP BY region, hour_start, is_clear, source
)
SELECT
  p.row_number, h.region, h.hour_start, h.source, h.generation_pwh, h.is_clear, h.parts_told, h.parts_owed, h.is_agreed,
  CASE WHEN h.unread_text IS NULL THEN h.is_estimated END                                              AS is_estimated,
  h.unread_text                                                                                        AS estimate_text,
  sum(CASE WHEN h.generation_pwh > 0 THEN h.generation_pwh ELSE 0 END) OVER (PARTITION BY p.row_number) AS hour_total_pwh
FROM part_row AS p
JOIN hour AS h
  ON h.region IS NOT DISTINCT FROM p.region AND h.hour_start IS NOT DISTINCT FROM p.hour_start AND h.is_clear = p.is_clear
