-- What the award of a held lineage rests on, one row per held lineage: the revision, station, owner and version it was posted with.
WITH revision AS (
  SELECT
    c.*,
    telling_digest(c.region, c.power_type, c.metering_point, c.rated_w, c.started_at, c.ended_at, c.reading_wh,
                   c.interval_digest, c.vehicle_class) AS content_digest,
    MIN(b.landed_at) OVER (PARTITION BY c.session_id) AS first_landed_at,
    b.landing_seq
  FROM charging_session AS c
  JOIN held_session AS h ON h.session_id = c.session_id
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
),
stood AS (
  SELECT r.*, p.programme, p.vintage, p.user_id, p.methodology, p.station_digest,
    ROW_NUMBER() OVER (PARTITION BY r.session_id ORDER BY r.landing_seq DESC, r.row_number DESC) AS place
  FROM revision AS r
  JOIN prior_state AS p ON p.session_id = r.session_id AND p.content_digest = r.content_digest
),
station AS (
  SELECT DISTINCT s.session_id, t.operator_id, t.station_id, t.county_code, t.region, t.power_type, t.metering_point, t.rated_w
  FROM stood AS s
  JOIN charging_station AS t
    ON t.issuer = s.issuer
    AND place_digest(t.region, t.power_type, t.metering_point, t.rated_w, t.county_code) = s.station_digest
    AND t.station_id = coalesce(s.station_id, t.station_id) AND t.connector_id IN (s.connector_id, '*')
  WHERE s.place = 1
)
SELECT
  s.session_id, s.programme, s.vintage,
  coalesce(s.region, t.region)                   AS region,
  coalesce(s.power_type, t.power_type)           AS power_type,
  coalesce(s.metering_point, t.metering_point)   AS metering_point,
  coalesce(s.rated_w, t.rated_w)                 AS rated_w,
  coalesce(t.operator_id, s.issuer)              AS operator_id,
  coalesce(s.station_id, t.station_id)           AS station_id,
  t.county_code, s.vehicle_class,
  s.started_at, s.ended_at, s.reading_wh, s.user_id, s.first_landed_at, s.methodology, s.landing_digest, s.row_number
FROM stood AS s
LEFT JOIN station AS t ON t.session_id = s.session_id
WHERE s.place = 1
