-- A user under both methodologies, one row per user; decile 1 holds those with the fewest points under the methodology that it is
-- held against. The groups differ by one user at most, the larger ones first.
WITH held AS (
  SELECT user_id, SUM(wide(points)) AS points, SUM(wide(against_points)) AS against_points
  FROM session_shadow
  GROUP BY user_id
)
SELECT user_id, points, against_points,
  ntile(10) OVER (ORDER BY against_points, user_id) AS decile -- 10 deciles
FROM held
