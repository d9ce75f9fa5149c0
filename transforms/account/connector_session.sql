-- Sessions whose connector is known, one row per lineage that counts. A connector is known by operator, station and its own name;
-- has_final_award: points of a final vintage stand for the lineage, whether or not a change of them waits for a decision.
SELECT
  s.session_id, s.issuer, s.started_at, s.ended_at, s.reading_wh,
  coalesce(t.operator_id, s.issuer) || '|' || coalesce(s.station_id, t.station_id, '') || '|' || s.connector_id AS connector,
  s.issuer = coalesce(t.operator_id, s.issuer)                                       AS is_operators_own,
  coalesce(p.points > 0 AND v.state = 'final', false)                                AS has_final_award
FROM session_current AS s
LEFT JOIN session_station AS t ON t.session_id = s.session_id
LEFT JOIN prior_state AS p ON p.session_id = s.session_id
LEFT JOIN prior_vintage AS v ON v.programme = p.programme AND v.vintage = p.vintage
WHERE s.connector_id IS NOT NULL AND NOT s.is_withdrawn
