-- What is assessed and awarded, one row per assessed session: what its state remembers of it.
SELECT
  a.session_id, a.energy_wh, a.baseline_emissions_ng, a.project_emissions_ng, a.emission_reductions_ng, w.points, w.not_awarded_reason,
  a.data_quality_tier, a.provisional_until, a.other_basis_reductions_ng, a.other_basis_until
FROM session_assessment AS a
LEFT JOIN session_award AS w ON w.session_id = a.session_id
