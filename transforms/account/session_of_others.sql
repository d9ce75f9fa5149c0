-- Awards of other versions that count under a cap of the running one, one row per session of an account and vintage that it awards to:
-- what stands as posted, and what this run has awarded before.
WITH mine AS (
  SELECT DISTINCT s.programme, s.user_id, s.vintage
  FROM session AS s
  JOIN reward_rule AS r ON r.programme = s.programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
)
SELECT
  s.session_id, s.programme, s.vintage, s.region, s.power_type, s.metering_point, s.rated_w,
  s.operator_id, s.station_id, s.county_code, s.vehicle_class, s.started_at, s.ended_at,
  s.reading_wh, s.user_id, s.first_landed_at,
  CASE WHEN h.session_id IS NOT NULL OR (v.state = 'final' AND r.session_id IS NULL) THEN coalesce(p.points, w.points) ELSE w.points END AS standing_points,
  CASE WHEN h.session_id IS NOT NULL OR (v.state = 'final' AND r.session_id IS NULL) THEN coalesce(f.energy_wh, s.reading_wh)
       ELSE s.reading_wh END                                                                                                             AS standing_energy_wh
FROM session_admitted AS s
JOIN mine AS c ON c.programme = s.programme AND c.user_id = s.user_id AND c.vintage = s.vintage
LEFT JOIN methodology_running AS m ON m.methodology = s.methodology
LEFT JOIN posted AS p
  ON p.programme = s.programme AND p.session_id = s.session_id AND p.vintage = s.vintage AND p.user_id = s.user_id
LEFT JOIN prior_vintage AS v ON v.programme = s.programme AND v.vintage = s.vintage
LEFT JOIN prior_state AS f ON f.session_id = s.session_id
LEFT JOIN held_session AS h ON h.session_id = s.session_id
LEFT JOIN released_session AS r ON r.session_id = s.session_id
LEFT JOIN all_session_award AS w ON w.session_id = s.session_id
WHERE m.methodology IS NULL
  AND (w.session_id IS NOT NULL OR (p.session_id IS NOT NULL AND (h.session_id IS NOT NULL OR (v.state = 'final' AND r.session_id IS NULL))))
