-- What sessions ask of green supply, one row per session and hour that is matched now: what is drawn in intervals metered at most
-- hourly, in whole Wh, rounded up (equation E3).
SELECT
  s.session_id, s.programme, s.operator_id, s.station_id, h.region, h.hour_start,
  CAST(CASE WHEN s.metering_point = 'dc_output' THEN div_up(SUM(wide(h.reading_wh)) * 1000, MAX(e.value)) -- 1000 per mille
            ELSE SUM(wide(h.reading_wh)) END AS BIGINT) AS demand_wh
FROM interval_hour AS h
JOIN match_hour_due AS n ON n.region = h.region AND n.hour_start = h.hour_start
JOIN session AS s ON s.session_id = h.session_id
JOIN parameter AS e
  ON e.name = 'charger_efficiency' AND e.power_type = s.power_type
  AND s.vintage >= e.valid_from AND (e.valid_until IS NULL OR s.vintage < e.valid_until)
WHERE h.data_quality_tier = 'DQ1' AND h.reading_wh > 0
GROUP BY s.session_id, s.programme, s.operator_id, s.station_id, s.metering_point, h.region, h.hour_start
