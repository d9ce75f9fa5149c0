-- Baseline emissions, project emissions and reductions, one row per session whose every hour has a factor
-- (equations E3 to E7). A session with an hour without a factor has no row: it waits.
WITH drawn AS (
  SELECT
    h.session_id,
    SUM(wide(h.reading_wh) * i.intensity_ug_per_kwh) AS reading_emissions_ng -- Wh x ug/kWh = ng
  FROM session_hour AS h
  LEFT JOIN grid_intensity_hour AS i ON i.region = h.region AND i.hour_start = h.hour_start
  GROUP BY h.session_id
  HAVING COUNT(*) = COUNT(i.intensity_ug_per_kwh)
),
metered AS (
  SELECT
    s.session_id,
    s.programme,
    s.vintage,
    s.region,
    wide(b.value) AS baseline_intensity_ug_per_kwh,
    CASE WHEN s.metering_point = 'dc_output' THEN wide(s.reading_wh)
         ELSE int_div(wide(s.reading_wh) * e.value, 1000) END       AS energy_wh,            -- 1000 per mille
    CASE WHEN s.metering_point = 'dc_output' THEN div_up(d.reading_emissions_ng * 1000, e.value)
         ELSE d.reading_emissions_ng END                            AS project_emissions_ng  -- 1000 per mille
  FROM session AS s
  JOIN drawn AS d ON d.session_id = s.session_id
  JOIN parameter AS b
    ON b.name = 'baseline_intensity' AND b.power_type = s.power_type
    AND s.vintage >= b.valid_from AND (b.valid_until IS NULL OR s.vintage < b.valid_until)
  JOIN parameter AS e
    ON e.name = 'charger_efficiency' AND e.power_type = s.power_type
    AND s.vintage >= e.valid_from AND (e.valid_until IS NULL OR s.vintage < e.valid_until)
)
SELECT
  session_id,
  programme,
  vintage,
  region,
  CAST(energy_wh AS BIGINT)                                                                      AS energy_wh,
  CAST(energy_wh * baseline_intensity_ug_per_kwh AS DECIMAL(38,0))                               AS baseline_emissions_ng,
  CAST(project_emissions_ng AS DECIMAL(38,0))                                                    AS project_emissions_ng,
  CAST(energy_wh * baseline_intensity_ug_per_kwh - project_emissions_ng AS DECIMAL(38,0))        AS emission_reductions_ng
FROM metered
