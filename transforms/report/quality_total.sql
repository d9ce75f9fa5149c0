-- How well what the sums rest on is known, one row per kind: vehicle class, data-quality tier, what is still open, and what is shown beside.
WITH told AS (
  SELECT a.* FROM published.session_assessment AS a JOIN programme_in_report AS p ON p.programme = a.programme
),
kind AS (
  SELECT 1 AS place, 'vehicle class assumed: light duty' AS kind, COUNT(*) AS sessions, SUM(energy_wh) AS energy_wh, SUM(points) AS points
  FROM told WHERE is_vehicle_class_assumed
  UNION ALL
  SELECT 2, 'vehicle class told', COUNT(*), SUM(energy_wh), SUM(points) FROM told WHERE NOT is_vehicle_class_assumed
  UNION ALL
  SELECT 3, 'DQ1: metered at most hourly', COUNT(*), SUM(energy_wh), SUM(points) FROM told WHERE data_quality_tier = 'DQ1'
  UNION ALL
  SELECT 4, 'DQ2: metered in longer parts', COUNT(*), SUM(energy_wh), SUM(points) FROM told WHERE data_quality_tier = 'DQ2'
  UNION ALL
  SELECT 5, 'DQ3: totals only', COUNT(*), SUM(energy_wh), SUM(points) FROM told WHERE data_quality_tier = 'DQ3'
  UNION ALL
  SELECT 6, 'rests on something open: may still change', COUNT(*), SUM(energy_wh), SUM(points) FROM told WHERE provisional_until IS NOT NULL
)
SELECT kind, sessions, CAST(energy_wh AS DECIMAL(38,0)) AS energy_wh, CAST(points AS DECIMAL(38,0)) AS points
FROM kind
WHERE sessions > 0
ORDER BY place
