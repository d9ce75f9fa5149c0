-- Green supply in the order in which it is drawn, one row per supply and hour that is matched now (equations E4 and E5): PV on site,
-- batteries on site, contracts; of each, those of a station, of an operator, of a programme; then by name.
-- What a kWh counts: nothing, or of a battery what charged it that day. A battery that was not charged that day is none.
WITH charged AS (
  SELECT g.supply_id, g.local_day, SUM(wide(g.charged_wh)) AS charged_wh,
    SUM(wide(g.charged_wh - g.charged_from_pv_wh) * f.factor_ug_per_kwh) AS emissions_ng -- Wh x ug/kWh = ng
  FROM green_supply AS g
  JOIN factor AS f ON f.source = 'residual' AND substr(g.region, 1, length(f.region) + 1) = f.region || '-'
  WHERE g.supply_kind = 'battery'
  GROUP BY g.supply_id, g.local_day
  HAVING SUM(g.charged_wh) > 0
),
placed AS (
  SELECT g.*, c.charged_wh AS day_charged_wh, c.emissions_ng,
    CASE g.supply_kind WHEN 'pv' THEN 'a' WHEN 'battery' THEN 'b' ELSE 'c' END         AS kind_order,
    CASE g.scope_kind WHEN 'station' THEN 'a' WHEN 'operator' THEN 'b' ELSE 'c' END    AS scope_order,
    ROW_NUMBER() OVER (PARTITION BY g.region, g.hour_start, g.supply_kind, g.scope_kind, g.scope_id,
                                    CASE WHEN g.scope_kind = 'station' THEN g.operator_id END
                       ORDER BY g.supply_id)                                          AS place
  FROM green_supply AS g
  JOIN match_hour_due AS n ON n.region = g.region AND n.hour_start = g.hour_start
  LEFT JOIN charged AS c ON c.supply_id = g.supply_id AND c.local_day = g.local_day
  WHERE g.available_wh > 0 AND (g.supply_kind <> 'battery' OR c.supply_id IS NOT NULL)
)
SELECT
  supply_id, supply_kind, scope_kind, scope_id, operator_id, contract_id, region, hour_start, available_wh,
  CAST(CASE WHEN supply_kind = 'battery' THEN div_up(emissions_ng * 1000, day_charged_wh * round_trip_per_mille) -- 1000 per mille
            ELSE 0 END AS BIGINT)                                                     AS factor_ug_per_kwh,
  DENSE_RANK() OVER (ORDER BY kind_order, scope_order, place)                         AS turn
FROM placed
