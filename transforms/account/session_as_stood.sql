-- What the award of a held lineage rests on, one row per held lineage: the revision, owner and version it was posted with.
WITH revision AS (
  SELECT
    c.*,
    session_digest(c.region, c.power_type, c.metering_point, c.rated_w, c.started_at, c.ended_at, c.reading_wh) AS content_digest,
    MIN(b.landed_at) OVER (PARTITION BY c.session_id) AS first_landed_at,
    b.landing_seq
  FROM charging_session AS c
  JOIN held_session AS h ON h.session_id = c.session_id
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
),
ranked AS (
  SELECT r.*, p.programme, p.vintage, p.user_id, p.methodology,
    ROW_NUMBER() OVER (PARTITION BY r.session_id ORDER BY r.landing_seq DESC, r.row_number DESC) AS place
  FROM revision AS r
  JOIN prior_state AS p ON p.session_id = r.session_id AND p.content_digest = r.content_digest
)
SELECT session_id, programme, vintage, region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh, user_id,
  first_landed_at, methodology
FROM ranked
WHERE place = 1
