-- How many sessions avoid so many whole grams a kWh, one row per such number.
SELECT
  -- 1000 Wh are a kWh, 1000000000 ng are a gram
  CAST(int_div(wide(a.emission_reductions_ng) * 1000, wide(a.energy_wh) * 1000000000) AS BIGINT) AS reductions_g_per_kwh,
  COUNT(*)                                                                                       AS sessions
FROM published.session_assessment AS a
JOIN programme_in_report AS p ON p.programme = a.programme
WHERE a.energy_wh > 0
GROUP BY reductions_g_per_kwh
ORDER BY reductions_g_per_kwh
