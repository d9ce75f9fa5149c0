-- The border: what a methodology version may know of a session, one row per touched session that it is in force for.
SELECT
  s.session_id, s.programme, s.vintage, s.region, s.power_type, s.metering_point, s.rated_w,
  s.operator_id, s.station_id, s.county_code, s.vehicle_class, s.started_at, s.ended_at,
  s.reading_wh, s.user_id, s.first_landed_at,
  CASE WHEN h.session_id IS NOT NULL OR (v.state = 'final' AND r.session_id IS NULL) THEN p.points END AS standing_points,
  CASE WHEN (h.session_id IS NOT NULL OR (v.state = 'final' AND r.session_id IS NULL)) AND p.points IS NOT NULL
       THEN f.energy_wh END                                                                            AS standing_energy_wh
FROM session_admitted AS s
JOIN methodology_running AS m ON m.methodology = s.methodology
LEFT JOIN posted AS p
  ON p.programme = s.programme AND p.session_id = s.session_id AND p.vintage = s.vintage AND p.user_id = s.user_id
LEFT JOIN prior_vintage AS v ON v.programme = s.programme AND v.vintage = s.vintage
LEFT JOIN prior_state AS f ON f.session_id = s.session_id
LEFT JOIN held_session AS h ON h.session_id = s.session_id
LEFT JOIN released_session AS r ON r.session_id = s.session_id
