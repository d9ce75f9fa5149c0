-- Every match there is, one row per session, hour and supply: those of earlier accountings and of this one. A lineage that takes over a
-- claim takes over its match.
SELECT coalesce(c.holder_id, m.session_id) AS session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn,
  m.factor_ug_per_kwh, m.matched_wh
FROM (
  SELECT session_id, region, hour_start, supply_id, supply_kind, contract_id, turn, factor_ug_per_kwh, matched_wh FROM energy_match_log
  UNION ALL
  SELECT session_id, region, hour_start, supply_id, supply_kind, contract_id, turn, factor_ug_per_kwh, matched_wh FROM energy_match
) AS m
LEFT JOIN claim_decided AS c ON c.session_id = m.session_id
