-- The revision that counts, one row per lineage with an accepted revision: the one with the latest revision time,
-- and without one the last landed. A credit counts only where nothing else is there; it withdraws what it names.
WITH revision AS (
  SELECT
    c.*, b.batch_seq,
    MIN(b.landed_at) OVER (PARTITION BY c.session_id)                                         AS first_landed_at,
    MAX(b.batch_seq) OVER (PARTITION BY c.session_id)                                         AS last_batch_seq,
    MAX(CASE WHEN c.is_credit THEN 1 ELSE 0 END) OVER (PARTITION BY c.session_id) = 1         AS is_withdrawn,
    ROW_NUMBER() OVER (PARTITION BY c.session_id
                       ORDER BY CASE WHEN c.is_credit THEN 1 ELSE 0 END, c.revised_at DESC NULLS LAST,
                                b.landing_seq DESC, c.row_number DESC)                        AS place
  FROM charging_session AS c
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
)
SELECT session_id, issuer, region, station_id, connector_id, power_type, metering_point, rated_w, started_at, ended_at,
  reading_wh, vehicle_class, token_id, is_withdrawn, coalesce(is_credit, false) AS is_credit_alone,
  telling_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh, interval_digest, vehicle_class)
    AS content_digest,
  first_landed_at, last_batch_seq, landing_digest, row_number
FROM revision
WHERE place = 1
