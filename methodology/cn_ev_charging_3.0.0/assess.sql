-- Baseline emissions, market-based project emissions and reductions, one row per session (equations E10, E11, E14 to E16), with the
-- location-based reductions beside, used for nothing.
WITH drawn_hour AS (
  SELECT session_id, region, hour_start, SUM(wide(reading_wh)) AS reading_wh, MAX(data_quality_tier) AS data_quality_tier,
    SUM(CASE WHEN data_quality_tier = 'DQ1' THEN wide(reading_wh) ELSE wide(0) END) AS metered_wh
  FROM interval_hour
  GROUP BY session_id, region, hour_start
),
matched_hour AS (
  SELECT session_id, hour_start, SUM(wide(counted_wh)) AS counted_wh, SUM(wide(counted_wh) * factor_ug_per_kwh) AS supply_emissions_ng,
    MIN(provisional_until) AS provisional_until
  FROM session_match
  GROUP BY session_id, hour_start
),
valued AS (
  SELECT
    s.session_id, s.programme, s.vintage, s.region, s.power_type, s.metering_point, s.reading_wh, wide(b.value) AS baseline_intensity_ug_per_kwh,
    e.value AS efficiency, CASE WHEN s.metering_point = 'dc_output' THEN wide(e.value) ELSE wide(1000) END AS per_mille, -- 1000 per mille
    r.match_close_s
  FROM session AS s
  JOIN match_rule AS r ON r.programme = s.programme
  JOIN parameter AS b
    ON b.name = 'baseline_intensity' AND b.power_type = s.power_type
    AND s.vintage >= b.valid_from AND (b.valid_until IS NULL OR s.vintage < b.valid_until)
  JOIN parameter AS e
    ON e.name = 'charger_efficiency' AND e.power_type = s.power_type
    AND s.vintage >= e.valid_from AND (e.valid_until IS NULL OR s.vintage < e.valid_until)
),
market AS (
  SELECT
    h.session_id,
    SUM(GREATEST(h.reading_wh * 1000 - coalesce(m.counted_wh, wide(0)) * v.per_mille, wide(0)) * i.intensity_ug_per_kwh
        + coalesce(m.supply_emissions_ng, wide(0)) * v.per_mille)                                          AS emissions_per_mille_ng,
    MAX(h.data_quality_tier)                                                                               AS data_quality_tier,
    -- 3600 s are an hour
    MIN(CASE WHEN h.metered_wh > 0 AND k.region IS NULL THEN instant_of(epoch_s(h.hour_start) + 3600 + v.match_close_s)
             ELSE m.provisional_until END)                                                                 AS provisional_until
  FROM drawn_hour AS h
  JOIN valued AS v ON v.session_id = h.session_id
  JOIN grid_intensity_hour AS i ON i.region = h.region AND i.hour_start = h.hour_start
  LEFT JOIN matched_hour AS m ON m.session_id = h.session_id AND m.hour_start = h.hour_start
  LEFT JOIN match_hour_known AS k ON k.region = h.region AND k.hour_start = h.hour_start
  GROUP BY h.session_id
),
interval_factor AS (
  SELECT h.session_id, h.data_quality_tier, h.reading_wh, i.intensity_ug_per_kwh, i.provisional_until,
    MAX(i.intensity_ug_per_kwh) OVER (PARTITION BY h.session_id, h.interval_no) AS highest_ug_per_kwh
  FROM interval_hour AS h
  LEFT JOIN location_intensity_hour AS i ON i.region = h.region AND i.hour_start = h.hour_start
),
location AS (
  SELECT session_id,
    SUM(wide(reading_wh) * CASE WHEN data_quality_tier = 'DQ1' THEN intensity_ug_per_kwh ELSE highest_ug_per_kwh END) AS reading_emissions_ng,
    MIN(provisional_until) AS provisional_until
  FROM interval_factor
  GROUP BY session_id
  HAVING COUNT(*) = COUNT(intensity_ug_per_kwh)
),
metered AS (
  SELECT v.*, q.data_quality_tier, q.provisional_until,
    CASE WHEN v.metering_point = 'dc_output' THEN wide(v.reading_wh)
         ELSE int_div(wide(v.reading_wh) * v.efficiency, 1000) END AS energy_wh,              -- 1000 per mille
    div_up(q.emissions_per_mille_ng, v.per_mille)                  AS project_emissions_ng,
    div_up(l.reading_emissions_ng * 1000, v.per_mille)             AS location_emissions_ng,
    l.provisional_until                                            AS other_basis_until
  FROM valued AS v
  JOIN market AS q ON q.session_id = v.session_id
  LEFT JOIN location AS l ON l.session_id = v.session_id
)
SELECT
  session_id,
  programme,
  vintage,
  region,
  CAST(energy_wh AS BIGINT)                                                                      AS energy_wh,
  CAST(energy_wh * baseline_intensity_ug_per_kwh AS DECIMAL(38,0))                               AS baseline_emissions_ng,
  CAST(project_emissions_ng AS DECIMAL(38,0))                                                    AS project_emissions_ng,
  CAST(energy_wh * baseline_intensity_ug_per_kwh - project_emissions_ng AS DECIMAL(38,0))        AS emission_reductions_ng,
  data_quality_tier,
  provisional_until,
  CAST(energy_wh * baseline_intensity_ug_per_kwh - location_emissions_ng AS DECIMAL(38,0))       AS other_basis_reductions_ng,
  other_basis_until
FROM metered
