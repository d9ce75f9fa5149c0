-- The sums of everything assessed, and the last hour that has a factor, one row.
SELECT
  COUNT(*)                                                          AS sessions,
  CAST(coalesce(SUM(a.energy_wh), 0) AS DECIMAL(38,0))              AS energy_wh,
  CAST(coalesce(SUM(a.baseline_emissions_ng), 0) AS DECIMAL(38,0))  AS baseline_emissions_ng,
  CAST(coalesce(SUM(a.project_emissions_ng), 0) AS DECIMAL(38,0))   AS project_emissions_ng,
  CAST(coalesce(SUM(a.emission_reductions_ng), 0) AS DECIMAL(38,0)) AS emission_reductions_ng,
  (SELECT MAX(g.hour_start) FROM published.grid_intensity_hour AS g
   WHERE g.region IN (SELECT region FROM region_in_report))         AS last_hour
FROM published.session_assessment AS a
JOIN programme_in_report AS p ON p.programme = a.programme
