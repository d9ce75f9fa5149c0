-- The findings counted and summed, one row per kind of finding that there is.
SELECT
  finding,
  COUNT(*)                                             AS entries,
  CAST(SUM(coalesce(points, 0)) AS DECIMAL(38,0))        AS points,
  CAST(SUM(coalesce(ledger_points, 0)) AS DECIMAL(38,0)) AS ledger_points,
  CAST(SUM(difference_points) AS DECIMAL(38,0))          AS difference_points
FROM finding
GROUP BY finding
ORDER BY finding
