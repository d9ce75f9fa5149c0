-- Both methodologies over all sessions of the shadow, one row per shadow.
WITH judged AS (
  SELECT
    COUNT(*)                                                                  AS users,
    SUM(CASE WHEN points > against_points THEN 1 ELSE 0 END)                  AS users_up,
    SUM(CASE WHEN points < against_points THEN 1 ELSE 0 END)                  AS users_down
  FROM user_shadow
)
SELECT
  COUNT(*)                                                                    AS sessions,
  CAST(SUM(CASE WHEN s.is_missing THEN 1 ELSE 0 END) AS BIGINT)               AS sessions_missing,
  CAST(SUM(CASE WHEN s.is_missing_against THEN 1 ELSE 0 END) AS BIGINT)       AS sessions_missing_against,
  MAX(u.users)                                                                AS users,
  CAST(MAX(u.users_up) AS BIGINT)                                             AS users_up,
  CAST(MAX(u.users_down) AS BIGINT)                                           AS users_down,
  CAST(MAX(u.users - u.users_up - u.users_down) AS BIGINT)                    AS users_equal,
  CAST(SUM(s.points) AS BIGINT)                                               AS points,
  CAST(SUM(s.against_points) AS BIGINT)                                       AS against_points,
  CAST(SUM(s.points) - SUM(s.against_points) AS BIGINT)                       AS points_change,
  CAST(SUM(s.emission_reductions_ng) AS VARCHAR)                              AS emission_reductions_ng,
  CAST(SUM(s.against_emission_reductions_ng) AS VARCHAR)                      AS against_emission_reductions_ng,
  CAST(SUM(s.emission_reductions_ng) - SUM(s.against_emission_reductions_ng) AS VARCHAR) AS emission_reductions_change_ng
FROM session_shadow AS s
CROSS JOIN judged AS u
