-- Where a session belongs, one row per lineage with an accepted revision: programme by region, vintage by the programme's zone,
-- methodology by the vintage. Programme or methodology is NULL where there is none.
SELECT
  s.session_id, s.region, s.power_type, s.metering_point, s.rated_w, s.started_at, s.ended_at, s.reading_wh,
  s.content_digest, s.first_landed_at,
  GREATEST(s.last_batch_seq, coalesce(o.last_batch_seq, 0)) AS last_batch_seq,
  o.user_id,
  p.programme,
  local_date(s.ended_at, p.zone)                            AS vintage,
  m.methodology,
  m.methodology_digest,
  p.programme_digest
FROM session_current AS s
LEFT JOIN session_owner_current AS o ON o.session_id = s.session_id
LEFT JOIN programme_region AS r ON r.region = s.region
LEFT JOIN programme AS p ON p.programme = r.programme
LEFT JOIN methodology_in_force AS m
  ON m.programme = p.programme
  AND local_date(s.ended_at, p.zone) >= m.in_force_from
  AND (m.in_force_until IS NULL OR local_date(s.ended_at, p.zone) < m.in_force_until)
