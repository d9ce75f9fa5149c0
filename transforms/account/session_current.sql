-- The revision that counts, one row per lineage with an accepted revision: the one with the latest revision time,
-- and without one the last landed.
WITH revision AS (
  SELECT
    c.*, b.batch_seq,
    MIN(b.landed_at) OVER (PARTITION BY c.session_id)  AS first_landed_at,
    MAX(b.batch_seq) OVER (PARTITION BY c.session_id)  AS last_batch_seq,
    ROW_NUMBER() OVER (PARTITION BY c.session_id
                       ORDER BY c.revised_at DESC NULLS LAST, b.landing_seq DESC, c.row_number DESC) AS place
  FROM charging_session AS c
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
)
SELECT session_id, issuer, region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh,
  session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh) AS content_digest,
  first_landed_at, last_batch_seq
FROM revision
WHERE place = 1
