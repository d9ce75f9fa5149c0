-- What a methodology version is asked about, one row per touched session that a version is in force for, with the row that tells it.
-- A held lineage is known as it stood; one that would be awarded in a final vintage on open grounds waits. A charge
-- that is told by several parties landed when the first of them told it.
WITH admitted AS (
  SELECT s.session_id, s.programme, s.vintage, s.region, s.power_type, s.metering_point, s.rated_w, s.operator_id, s.station_id,
    s.county_code, s.vehicle_class, s.started_at, s.ended_at, s.reading_wh, CASE WHEN s.is_enrolled THEN s.user_id END AS user_id,
    s.first_landed_at, s.methodology, s.landing_digest, s.row_number
  FROM session_scope AS s
  JOIN session_touched AS t ON t.session_id = s.session_id
  WHERE NOT s.lacks_county
    AND NOT EXISTS (SELECT 1 FROM held_session AS h WHERE h.session_id = s.session_id)
    AND NOT EXISTS (SELECT 1 FROM deferred_session AS d WHERE d.session_id = s.session_id)
    AND NOT EXISTS (SELECT 1 FROM session_set_aside AS x WHERE x.session_id = s.session_id)
  UNION ALL
  SELECT session_id, programme, vintage, region, power_type, metering_point, rated_w, operator_id, station_id,
    county_code, vehicle_class, started_at, ended_at, reading_wh, user_id, first_landed_at, methodology, landing_digest, row_number
  FROM session_as_stood
),
told_by_others AS (
  SELECT c.holder_id, MIN(s.first_landed_at) AS first_landed_at
  FROM claim_decided AS c
  JOIN session_scope AS s ON s.session_id = c.session_id
  WHERE c.holder_id IS NOT NULL
  GROUP BY c.holder_id
)
SELECT a.session_id, a.programme, a.vintage, a.region, a.power_type, a.metering_point, a.rated_w, a.operator_id, a.station_id,
  a.county_code, a.vehicle_class, a.started_at, a.ended_at, a.reading_wh, a.user_id,
  LEAST(a.first_landed_at, coalesce(o.first_landed_at, a.first_landed_at)) AS first_landed_at,
  a.methodology, a.landing_digest, a.row_number
FROM admitted AS a
LEFT JOIN told_by_others AS o ON o.holder_id = a.session_id
