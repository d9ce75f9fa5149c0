-- The hours that the running version has matched now, one row per region-hour, with what was asked, what was there and what was matched.
WITH asked AS (SELECT region, hour_start, SUM(demand_wh) AS demand_wh FROM match_demand GROUP BY region, hour_start),
there AS (SELECT region, hour_start, SUM(available_wh) AS available_wh FROM match_pool GROUP BY region, hour_start),
matched AS (SELECT region, hour_start, SUM(matched_wh) AS matched_wh FROM energy_match_so_far GROUP BY region, hour_start)
SELECT
  h.region, h.hour_start, k.instant AS matched_at, m.methodology,
  CAST(coalesce(a.demand_wh, 0) AS BIGINT)    AS demand_wh,
  CAST(coalesce(t.available_wh, 0) AS BIGINT) AS available_wh,
  CAST(coalesce(e.matched_wh, 0) AS BIGINT)   AS matched_wh
FROM match_hour_due AS h
CROSS JOIN run_clock AS k
CROSS JOIN methodology_running AS m
LEFT JOIN asked AS a ON a.region = h.region AND a.hour_start = h.hour_start
LEFT JOIN there AS t ON t.region = h.region AND t.hour_start = h.hour_start
LEFT JOIN matched AS e ON e.region = h.region AND e.hour_start = h.hour_start
