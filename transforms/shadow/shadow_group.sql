-- Winners and losers by four divisions of the same sessions, one row per division and group: the user's decile, the region, the
-- local hour of the end, the operator; names of two digits. A user is up or down by what changes inside the group.
WITH placed AS (
  SELECT 'decile' AS division, lpad(CAST(u.decile AS VARCHAR), 2, '0') AS name, s.user_id, s.points, s.against_points
  FROM session_shadow AS s
  JOIN user_shadow AS u ON u.user_id = s.user_id
  UNION ALL
  SELECT 'region', region, user_id, points, against_points FROM session_shadow
  UNION ALL
  SELECT 'local_hour', lpad(CAST(local_hour AS VARCHAR), 2, '0'), user_id, points, against_points FROM session_shadow
  UNION ALL
  SELECT 'operator', issuer, user_id, points, against_points FROM session_shadow
),
user_inside AS (
  SELECT division, name, user_id, COUNT(*) AS sessions, SUM(wide(points)) AS points, SUM(wide(against_points)) AS against_points
  FROM placed
  GROUP BY division, name, user_id
)
SELECT
  division,
  name,
  CAST(SUM(sessions) AS BIGINT)                                               AS sessions,
  COUNT(*)                                                                    AS users,
  CAST(SUM(points) AS BIGINT)                                                 AS points,
  CAST(SUM(against_points) AS BIGINT)                                         AS against_points,
  CAST(SUM(points) - SUM(against_points) AS BIGINT)                           AS points_change,
  CAST(SUM(CASE WHEN points > against_points THEN 1 ELSE 0 END) AS BIGINT)    AS users_up,
  CAST(SUM(CASE WHEN points < against_points THEN 1 ELSE 0 END) AS BIGINT)    AS users_down
FROM user_inside
GROUP BY division, name
ORDER BY division, name
