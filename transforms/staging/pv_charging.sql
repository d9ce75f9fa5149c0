-- What batteries took from PV in an hour beyond what PV tells as going into batteries, one row per scope and hour of the arriving file,
-- by the telling of each supply that landed last. Each PV may have lost a fraction of a Wh.
WITH telling AS (
  SELECT c.supply_id, c.hour_start, c.scope_kind, c.scope_id, c.operator_id, c.supply_kind, c.to_battery_wh, c.charged_from_pv_wh,
    a.landing_seq, c.row_number
  FROM candidate_green_supply_hour AS c
  JOIN fate AS f ON f.row_number = c.row_number AND f.outcome = 'accepted'
  CROSS JOIN arriving AS a
  UNION ALL
  SELECT s.supply_id, s.hour_start, s.scope_kind, s.scope_id, s.operator_id, s.supply_kind, s.to_battery_wh, s.charged_from_pv_wh,
    b.landing_seq, s.row_number
  FROM green_supply_hour AS s
  JOIN batch AS b ON b.landing_digest = s.landing_digest AND b.state = 'staged'
  JOIN arriving AS a ON b.landing_seq < a.landing_seq
  WHERE s.hour_start IN (SELECT hour_start FROM candidate_green_supply_hour)
),
placed AS (
  SELECT *, row_number() OVER (PARTITION BY supply_id, hour_start ORDER BY landing_seq DESC, row_number DESC) AS place
  FROM telling
)
SELECT
  scope_id || ' ' || strftime(hour_start, '%Y-%m-%dT%H:%M:%SZ')                   AS scope_hour,
  CAST(coalesce(sum(charged_from_pv_wh), 0)
       - coalesce(sum(to_battery_wh + 1) FILTER (WHERE supply_kind = 'pv'), 0) AS BIGINT) AS untold_wh
FROM placed
WHERE place = 1
GROUP BY scope_kind, scope_id, operator_id, hour_start
ORDER BY untold_wh DESC, scope_hour
