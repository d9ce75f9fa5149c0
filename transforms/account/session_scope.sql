-- Where a session belongs, one row per lineage with an accepted revision: what its issuer leaves open is its station's; programme by
-- region, vintage by the programme's zone, methodology by the vintage, or the one that the award keeps. Programme or methodology is NULL where there is none.
WITH completed AS (
  SELECT
    s.session_id, s.started_at, s.ended_at, s.reading_wh, s.is_withdrawn, s.is_credit_alone, s.content_digest, s.first_landed_at,
    s.vehicle_class, s.landing_digest, s.row_number, t.county_code,
    coalesce(t.operator_id, s.issuer)                           AS operator_id,
    coalesce(s.station_id, t.station_id)                        AS station_id,
    coalesce(s.region, t.region)                                AS region,
    coalesce(s.power_type, t.power_type)                        AS power_type,
    coalesce(s.metering_point, t.metering_point)                AS metering_point,
    coalesce(s.rated_w, t.rated_w)                              AS rated_w,
    CASE WHEN s.region IS NULL OR t.county_code IS NOT NULL OR (s.power_type IS NULL AND t.power_type IS NOT NULL)
              OR (s.metering_point IS NULL AND t.metering_point IS NOT NULL) OR (s.rated_w IS NULL AND t.rated_w IS NOT NULL)
         THEN t.station_digest END                              AS station_digest,
    o.user_id,
    GREATEST(s.last_batch_seq, coalesce(o.last_batch_seq, 0), coalesce(t.batch_seq, 0)) AS last_batch_seq
  FROM session_current AS s
  LEFT JOIN session_station AS t ON t.session_id = s.session_id
  LEFT JOIN session_owner_current AS o ON o.session_id = s.session_id
),
placed AS (
  SELECT c.*, p.programme, p.programme_digest, p.asks_enrolment, local_date(c.ended_at, p.zone) AS vintage
  FROM completed AS c
  LEFT JOIN programme_region AS r ON r.region = c.region
  LEFT JOIN programme AS p ON p.programme = r.programme
),
ruled AS (
  SELECT c.*,
    coalesce(k.methodology, m.methodology)               AS methodology,
    coalesce(k.methodology_digest, m.methodology_digest) AS methodology_digest,
    coalesce(k.needs_county, m.needs_county)             AS needs_county
  FROM placed AS c
  LEFT JOIN methodology_in_force AS m
    ON m.programme = c.programme AND c.vintage >= m.in_force_from AND (m.in_force_until IS NULL OR c.vintage < m.in_force_until)
  LEFT JOIN kept_version AS k ON k.session_id = c.session_id AND k.programme = c.programme
),
enrolled AS (
  SELECT c.session_id, MAX(e.batch_seq) AS batch_seq,
    MAX(CASE WHEN e.enrolled_from <= c.ended_at AND (e.enrolled_until IS NULL OR c.ended_at < e.enrolled_until) THEN 1 ELSE 0 END) AS inside
  FROM placed AS c
  JOIN enrolment_current AS e ON e.user_id = c.user_id AND e.programme = c.programme
  WHERE c.asks_enrolment
  GROUP BY c.session_id
)
SELECT
  c.session_id, c.region, c.power_type, c.metering_point, c.rated_w, c.started_at, c.ended_at, c.reading_wh,
  c.is_withdrawn, c.is_credit_alone, c.content_digest, c.station_digest, c.first_landed_at,
  GREATEST(c.last_batch_seq, coalesce(e.batch_seq, 0))                 AS last_batch_seq,
  c.user_id,
  c.user_id IS NOT NULL AND (NOT c.asks_enrolment OR coalesce(e.inside, 0) = 1) AS is_enrolled,
  c.operator_id, c.station_id, c.county_code, c.vehicle_class, c.landing_digest, c.row_number,
  c.programme,
  c.vintage,
  CASE WHEN NOT c.is_withdrawn AND v.vehicle_class IS NOT NULL THEN c.methodology END         AS methodology,
  CASE WHEN NOT c.is_withdrawn AND v.vehicle_class IS NOT NULL THEN c.methodology_digest END  AS methodology_digest,
  c.methodology IS NOT NULL AND v.vehicle_class IS NULL                AS is_of_other_class,
  coalesce(c.needs_county, false) AND y.methodology IS NULL            AS lacks_county,
  c.programme_digest
FROM ruled AS c
LEFT JOIN enrolled AS e ON e.session_id = c.session_id
LEFT JOIN methodology_county AS y
  ON y.methodology = c.methodology AND y.county_prefix = substr(c.county_code, 1, length(y.county_prefix))
LEFT JOIN methodology_vehicle_class AS v
  ON v.methodology = c.methodology AND v.vehicle_class = coalesce(c.vehicle_class, v.assumed_class)
