-- Invented green supply, one row per supply and hour: solar roofs of some fast stations, batteries of fewer, and contracts per
-- operator and region for a quarter of what its charges took that day, evenly over the hours. For later use: no source reads it.
WITH hour AS (
  SELECT a.first_day, a.seed_mark, unnest(range(a.days * 24)) AS hour_no FROM asked AS a
),
roof AS (
  SELECT 'SYNTHETIC-PV-' || p.station_id AS supply_id, 'on_site_pv' AS kind, 'station' AS scope, p.station_id AS beneficiary,
    p.region, day_start_s(h.first_day) + h.hour_no * 3600 AS hour_s,
    (h.hour_no % 24 - 5) * (18 - h.hour_no % 24) * (900 + draw(xor(p.mark, h.hour_no), 51, 200)) AS supply_wh -- at most 42 x 1,100
  FROM place AS p
  CROSS JOIN hour AS h
  WHERE p.kind = 'fast' AND p.station_no % 20 = 0 AND h.hour_no % 24 BETWEEN 6 AND 17
),
battery AS (
  SELECT 'SYNTHETIC-BATTERY-' || p.station_id, 'battery', 'station', p.station_id, p.region,
    day_start_s(h.first_day) + h.hour_no * 3600, 15000 + draw(xor(p.mark, h.hour_no), 52, 10000)
  FROM place AS p
  CROSS JOIN hour AS h
  WHERE p.kind = 'fast' AND p.station_no % 60 = 0 AND h.hour_no % 24 BETWEEN 18 AND 21
),
contract AS (
  SELECT 'SYNTHETIC-CONTRACT-' || c.issuer || '-' || c.region, 'contract', 'operator', c.issuer, c.region,
    day_start_s(c.day) + hour_no * 3600, c.energy_wh // 96 -- a quarter of the day's, over 24 hours
  FROM control_total AS c
  JOIN invented_operator AS o ON o.operator_id = c.issuer AND o.weight >= 200
  CROSS JOIN range(24) AS h(hour_no)
),
programme AS (
  SELECT 'SYNTHETIC-CONTRACT-CN-GREEN-ENERGY-' || c.region, 'contract', 'programme', 'cn_green_energy', c.region,
    day_start_s(c.day) + hour_no * 3600, CAST(sum(c.energy_wh) // 240 AS BIGINT) -- a tenth of the day's, over 24 hours
  FROM control_total AS c
  CROSS JOIN range(24) AS h(hour_no)
  WHERE c.region IN ('CN-GRID-EAST', 'CN-GRID-SOUTH')
  GROUP BY c.region, c.day, hour_no
),
supply AS (
  SELECT * FROM roof UNION ALL SELECT * FROM battery UNION ALL SELECT * FROM contract UNION ALL SELECT * FROM programme
)
SELECT supply_id, kind, scope, beneficiary, region, beijing_text(hour_s) AS hour_start, wh_to_kwh_text(supply_wh, 3) AS energy_kwh
FROM supply
ORDER BY supply_id, hour_s
