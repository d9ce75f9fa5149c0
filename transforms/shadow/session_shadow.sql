-- A session under both methodologies, one row per session that either of them awards; what one of them does not award counts 0.
SELECT
  coalesce(n.session_id, a.session_id)                                   AS session_id,
  coalesce(n.user_id, a.user_id)                                         AS user_id,
  coalesce(n.region, a.region)                                           AS region,
  coalesce(n.issuer, a.issuer)                                           AS issuer,
  coalesce(n.local_hour, a.local_hour)                                   AS local_hour,
  n.session_id IS NULL                                                   AS is_missing,
  a.session_id IS NULL                                                   AS is_missing_against,
  coalesce(n.points, 0)                                                  AS points,
  coalesce(a.points, 0)                                                  AS against_points,
  CAST(coalesce(n.emission_reductions_ng, 0) AS DECIMAL(38,0))           AS emission_reductions_ng,
  CAST(coalesce(a.emission_reductions_ng, 0) AS DECIMAL(38,0))           AS against_emission_reductions_ng
FROM awarded_now AS n
FULL OUTER JOIN awarded_against AS a ON a.session_id = n.session_id
