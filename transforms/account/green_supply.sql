-- The border: green supply of the days of the hours that are matched now, one row per supply and hour, with its local day.
WITH due AS (
  SELECT DISTINCT h.region, local_date(h.hour_start, p.zone) AS local_day
  FROM match_hour_due AS h
  JOIN programme_region AS r ON r.region = h.region
  JOIN programme AS p ON p.programme = r.programme
)
SELECT g.supply_id, g.supply_kind, g.scope_kind, g.scope_id, g.operator_id, g.region, g.hour_start, d.local_day, g.available_wh,
  g.charged_wh, g.charged_from_pv_wh, g.round_trip_per_mille, g.contract_id
FROM green_supply_current AS g
JOIN programme_region AS r ON r.region = g.region
JOIN programme AS p ON p.programme = r.programme
JOIN due AS d ON d.region = g.region AND d.local_day = local_date(g.hour_start, p.zone)
