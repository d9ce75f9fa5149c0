-- The invented stations, one row per station. What stands there is the same for all its connectors.
WITH numbered AS (
  SELECT p.*, a.seed_mark, unnest(range(p.stations)) AS station_no FROM pool AS p CROSS JOIN asked AS a
),
marked AS (
  SELECT *, stirred(xor((pool_no * 8388593 + station_no) & 4294967295, seed_mark)) AS mark FROM numbered
)
SELECT m.operator_id, m.kind, m.station_no,
  m.operator_id || m.letter || lpad(CAST(m.station_no AS VARCHAR), 7, '0')       AS station_id,
  least(m.per_station, m.connectors - m.station_no * m.per_station)             AS connectors,
  c.region, c.county_code,
  CASE WHEN m.is_private THEN 'private' ELSE 'public' END                       AS access,
  CASE WHEN m.kind = 'fast' THEN 'DC' ELSE 'AC' END                             AS power_type,
  CASE WHEN m.kind <> 'fast' THEN 7
       ELSE list_extract([60, 60, 80, 120, 120, 180], 1 + draw(m.mark, 2, 6)) END AS rated_kw,
  CASE WHEN m.kind <> 'fast' THEN 'ac_input'
       ELSE list_extract(['dc_output', 'dc_output', 'ac_input', 'unknown'], 1 + draw(m.mark, 3, 4)) END AS metering_point,
  list_extract(['1', '1', '2', NULL], 1 + draw(m.mark, 4, 4))                   AS meter_class,
  m.mark
FROM marked AS m
JOIN county AS c ON draw(m.mark, 1, 1000) >= c.weight_before AND draw(m.mark, 1, 1000) < c.weight_before + c.weight
ORDER BY m.operator_id, m.kind, m.station_no
