-- What is told of the owner of the traced lineages, one row per statement, in the order of landing.
SELECT
  coalesce(o.session_id, s.session_id)                          AS session_id,
  o.token_id IS NOT NULL                                        AS is_of_token,
  o.user_id, o.known_since, f.landing_seq, f.landed_at, f.file_name, f.landing_digest, o.row_number
FROM session_owner AS o
JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
JOIN landing_file AS f ON f.landing_digest = coalesce(b.released_from, b.landing_digest)
LEFT JOIN session_current AS s ON s.token_id = o.token_id
WHERE coalesce(o.session_id, s.session_id) IS NOT NULL
ORDER BY session_id, f.landing_seq, o.row_number
