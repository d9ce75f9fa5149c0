-- What this run matches of a supply in an hour, the supply has: one row per supply and hour that breaks this.
SELECT m.supply_id, m.hour_start, SUM(m.matched_wh) AS matched_wh, MAX(g.available_wh) AS available_wh
FROM energy_match AS m
LEFT JOIN green_supply_current AS g ON g.supply_id = m.supply_id AND g.hour_start = m.hour_start
GROUP BY m.supply_id, m.hour_start
HAVING SUM(m.matched_wh) > coalesce(MAX(g.available_wh), 0)
