-- What one of the two methodologies awards, one row per awarded session: who, where, at which local hour it ended, and how much.
SELECT
  w.session_id,
  w.user_id,
  s.region,
  c.issuer,
  hour(timezone(p.zone, s.ended_at)) AS local_hour,
  w.points,
  w.emission_reductions_ng
FROM session_award AS w
JOIN session AS s ON s.session_id = w.session_id
JOIN session_current AS c ON c.session_id = w.session_id
JOIN programme AS p ON p.programme = w.programme
