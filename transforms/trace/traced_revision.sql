-- Accepted tellings of the traced lineages, one row per telling, the one that counts first: the order of account/session_current.sql.
SELECT
  c.session_id,
  row_number() OVER (PARTITION BY c.session_id
                     ORDER BY CASE WHEN c.is_credit THEN 1 ELSE 0 END, c.revised_at DESC NULLS LAST,
                              b.landing_seq DESC, c.row_number DESC)  AS place,
  coalesce(c.is_credit, false)                                        AS is_credit,
  c.revised_at, c.started_at, c.ended_at, c.reading_wh, c.region, c.station_id, c.connector_id, c.token_id IS NOT NULL AS has_token,
  b.landing_seq, f.file_name, f.landing_digest, c.row_number
FROM charging_session AS c
JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
JOIN landing_file AS f ON f.landing_digest = coalesce(b.released_from, b.landing_digest)
ORDER BY c.session_id, place
