-- Invented green supply in the columns of green_supply_csv, one row per supply and hour: solar roofs over the connectors of some fast
-- stations (each connector is its own station), batteries behind every third of them, and contracts per operator and region for a
-- quarter, per region for a tenth, of what charges took that day, evenly over the hours.
WITH hour AS (
  SELECT a.first_day, unnest(range(a.days * 24)) AS hour_no FROM asked AS a
),
site AS (
  SELECT p.operator_id, p.region, p.station_id || lpad(CAST(p.no AS VARCHAR), 2, '0') AS site_id, xor(p.mark, p.no) AS mark,
    p.no % 3 = 0 AS has_battery, 850 + draw(p.mark, 53, 60) AS round_trip
  FROM (SELECT *, unnest(range(connectors)) AS no FROM place) AS p
  WHERE p.kind = 'fast' AND p.station_no % 20 = 0
),
site_hour AS (
  SELECT s.*, h.hour_no // 24 AS day_no, h.hour_no % 24 AS of_day, day_start_s(h.first_day) + h.hour_no * 3600 AS hour_s,
    xor(s.mark, h.hour_no) AS chance
  FROM site AS s
  CROSS JOIN hour AS h
),
sunny AS ( -- at most 46,158 Wh
  SELECT *, CASE WHEN of_day BETWEEN 6 AND 17 THEN (of_day - 5) * (18 - of_day) * (900 + draw(chance, 51, 200)) END AS sun_wh
  FROM site_hour
),
stored AS (
  SELECT *, CASE WHEN has_battery AND of_day BETWEEN 10 AND 15 THEN sun_wh * 3 // 10 ELSE 0 END AS from_pv_wh,
    CASE WHEN has_battery AND of_day BETWEEN 2 AND 5 THEN 4000 + draw(chance, 52, 2000) ELSE 0 END AS from_grid_wh
  FROM sunny
),
given AS ( -- four hours of the evening share what the round trip leaves of what a battery took in on a day
  SELECT *, CASE WHEN of_day NOT BETWEEN 18 AND 21 THEN 0
                 ELSE CAST(sum(from_pv_wh + from_grid_wh) OVER of_site_day AS BIGINT) * round_trip // 4000 END AS given_wh
  FROM stored
  WINDOW of_site_day AS (PARTITION BY site_id, day_no)
),
supply AS (
  SELECT 'SYNTHETIC-PV-' || site_id AS supply_id, 'pv' AS kind, 'station' AS scope_kind, site_id AS scope_id, operator_id AS operator,
    region, hour_s, sun_wh AS generated_wh, from_pv_wh AS to_battery_wh, sun_wh // 10 AS exported_wh, true AS no_transfer_declared
  FROM given
  WHERE sun_wh > 0
  UNION ALL BY NAME
  SELECT 'SYNTHETIC-BATTERY-' || site_id AS supply_id, 'battery' AS kind, 'station' AS scope_kind, site_id AS scope_id,
    operator_id AS operator, region, hour_s, given_wh AS generated_wh, 0 AS exported_wh, from_pv_wh + from_grid_wh AS charged_wh,
    from_pv_wh AS charged_from_pv_wh, round_trip AS round_trip_per_mille
  FROM given
  WHERE from_pv_wh + from_grid_wh + given_wh > 0
  UNION ALL BY NAME
  SELECT 'SYNTHETIC-CONTRACT-' || c.issuer || '-' || c.region AS supply_id, 'contract' AS kind, 'operator' AS scope_kind,
    c.issuer AS scope_id, c.region, day_start_s(c.day) + hour_no * 3600 AS hour_s, c.energy_wh // 96 AS generated_wh -- 4 x 24
  FROM control_total AS c
  JOIN invented_operator AS o ON o.operator_id = c.issuer AND o.weight >= 200
  CROSS JOIN range(24) AS h(hour_no)
  UNION ALL BY NAME
  SELECT 'SYNTHETIC-CONTRACT-CN-GREEN-ENERGY-' || c.region AS supply_id, 'contract' AS kind, 'programme' AS scope_kind,
    'cn_green_energy' AS scope_id, c.region, day_start_s(c.day) + hour_no * 3600 AS hour_s,
    CAST(sum(c.energy_wh) // 240 AS BIGINT) AS generated_wh -- 10 x 24
  FROM control_total AS c
  CROSS JOIN range(24) AS h(hour_no)
  WHERE c.region IN ('CN-GRID-EAST', 'CN-GRID-SOUTH')
  GROUP BY c.region, c.day, hour_no
)
SELECT supply_id, kind, scope_kind, scope_id, operator, region, beijing_text(hour_s) AS hour_start,
  wh_to_kwh_text(generated_wh, 3) AS generated_kwh, wh_to_kwh_text(to_battery_wh, 3) AS to_battery_kwh,
  wh_to_kwh_text(exported_wh, 3) AS exported_kwh, wh_to_kwh_text(charged_wh, 3) AS charged_kwh,
  wh_to_kwh_text(charged_from_pv_wh, 3) AS charged_from_pv_kwh, round_trip_per_mille, no_transfer_declared,
  CASE WHEN kind = 'contract' THEN supply_id END AS contract_id
FROM supply
ORDER BY supply_id, hour_s
