-- What a session is worth, one row per assessed session; points are 0 where it is not awarded.
SELECT
  s.session_id,
  s.programme,
  s.vintage,
  s.region,
  s.energy_wh,
  s.baseline_emissions_ng,
  s.project_emissions_ng,
  s.emission_reductions_ng,
  s.points,
  s.data_quality_tier,
  s.provisional_until,
  s.other_basis_reductions_ng,
  s.is_vehicle_class_assumed,
  s.methodology,
  v.state AS status
FROM prior_state AS s
CROSS JOIN published_window AS w
JOIN prior_vintage AS v ON v.programme = s.programme AND v.vintage = s.vintage
WHERE s.energy_wh IS NOT NULL AND (w.from_day IS NULL OR s.vintage >= w.from_day)
ORDER BY s.session_id
