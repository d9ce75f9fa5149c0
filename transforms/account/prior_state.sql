-- The state that the ledger holds of a lineage before this run, one row per lineage ever accounted.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY ledger_version DESC) AS place
  FROM session_state_log
)
SELECT session_id, programme, vintage, region, user_id, state, reason, content_digest, station_digest, connector, methodology, methodology_digest,
  programme_digest, energy_wh, baseline_emissions_ng, project_emissions_ng, emission_reductions_ng, points,
  data_quality_tier, provisional_until, other_basis_reductions_ng, other_basis_until, is_vehicle_class_assumed,
  has_quarantined_revision, ledger_version
FROM told
WHERE place = 1
