-- Where every touched lineage belongs and on which connector it was, one row per lineage. is_known: something of it was accepted.
SELECT
  t.session_id, s.session_id IS NOT NULL AS is_known, s.programme, s.vintage, s.region, s.user_id, s.is_credit_alone, s.is_withdrawn,
  s.lacks_county, s.methodology, s.is_enrolled, s.is_of_other_class, s.content_digest, s.station_digest, s.methodology_digest,
  s.programme_digest, s.vehicle_class, c.connector
FROM session_touched AS t
LEFT JOIN session_scope AS s ON s.session_id = t.session_id
LEFT JOIN connector_session AS c ON c.session_id = t.session_id
