-- Sessions that compete for the supply of the hours that are matched now, one row per lineage: every accepted one of the region whose
-- window touches such an hour, whoever owns it, whatever its vintage, enrolment and eligibility.
WITH span AS (
  SELECT region, MIN(epoch_s(hour_start)) AS from_s, MAX(epoch_s(hour_start)) + 3600 AS until_s -- 3600 s are an hour
  FROM match_hour_due
  GROUP BY region
)
SELECT s.session_id, s.programme, s.vintage, s.region, s.power_type, s.metering_point, s.rated_w, s.operator_id, s.station_id,
  s.county_code, s.vehicle_class, s.started_at, s.ended_at, s.reading_wh, s.user_id, s.first_landed_at, m.methodology,
  s.landing_digest, s.row_number
FROM session_scope AS s
JOIN span AS d ON d.region = s.region AND epoch_s(s.started_at) < d.until_s AND epoch_s(s.ended_at) > d.from_s
CROSS JOIN methodology_running AS m
WHERE NOT s.is_withdrawn AND s.programme IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM session_set_aside AS x WHERE x.session_id = s.session_id)
