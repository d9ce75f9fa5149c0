-- The state that the ledger holds of a lineage before this run, one row per lineage ever accounted.
WITH newest AS (
  SELECT session_id, MAX(ledger_version) AS ledger_version
  FROM session_state_log
  GROUP BY session_id
)
SELECT l.session_id, l.programme, l.vintage, l.region, l.user_id, l.state, l.reason, l.content_digest, l.station_digest,
  l.connector, l.methodology, l.methodology_digest, l.programme_digest, l.energy_wh, l.baseline_emissions_ng,
  l.project_emissions_ng, l.emission_reductions_ng, l.points, l.data_quality_tier, l.provisional_until,
  l.other_basis_reductions_ng, l.other_basis_until, l.is_vehicle_class_assumed, l.has_quarantined_revision, l.ledger_version
FROM session_state_log AS l
JOIN newest AS n ON n.session_id = l.session_id AND n.ledger_version = l.ledger_version
