-- One turn of the matching, one row per session, hour and supply that it matches (equation E6): the supplies of the turn are shared by the
-- demand in their scope that earlier turns have left; where it is short, in proportion, floored; the rest stays in the supply.
WITH drawn AS (
  SELECT session_id, hour_start, SUM(matched_wh) AS matched_wh
  FROM energy_match_so_far
  GROUP BY session_id, hour_start
),
asking AS (
  SELECT p.supply_id, p.supply_kind, p.contract_id, p.region, p.hour_start, p.available_wh, p.factor_ug_per_kwh, p.turn, d.session_id,
    wide(d.demand_wh - coalesce(w.matched_wh, 0)) AS left_wh
  FROM match_pool AS p
  JOIN match_turn AS t ON t.turn = p.turn
  JOIN match_demand AS d
    ON d.region = p.region AND d.hour_start = p.hour_start
    AND (   (p.scope_kind = 'station' AND d.station_id = p.scope_id AND d.operator_id = p.operator_id)
         OR (p.scope_kind = 'operator' AND d.operator_id = p.scope_id)
         OR (p.scope_kind = 'programme' AND d.programme = p.scope_id))
  LEFT JOIN drawn AS w ON w.session_id = d.session_id AND w.hour_start = d.hour_start
),
shared AS (
  SELECT *, SUM(left_wh) OVER (PARTITION BY supply_id, hour_start) AS total_left_wh
  FROM asking
  WHERE left_wh > 0
),
matched AS (
  SELECT *,
    CAST(CASE WHEN total_left_wh <= available_wh THEN left_wh
              ELSE int_div(wide(available_wh) * left_wh, total_left_wh) END AS BIGINT) AS matched_wh
  FROM shared
)
SELECT session_id, region, hour_start, supply_id, supply_kind, contract_id, turn, factor_ug_per_kwh, matched_wh
FROM matched
WHERE matched_wh > 0
