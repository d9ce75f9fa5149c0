-- The state of lineages that keep what was posted for them, one row per lineage: a change of it waits for a decision, or was rejected.
WITH proposed AS (
  SELECT session_id, MAX(CASE WHEN cause LIKE 'the vintage is final%' THEN 1 ELSE 0 END) AS is_final FROM award_proposed GROUP BY session_id
)
SELECT
  p.session_id, p.programme, p.vintage, p.region, p.user_id,
  CASE WHEN w.session_id IS NOT NULL THEN 'awaiting approval'
       WHEN p.state = 'awaiting approval' THEN coalesce(o.state, 'awarded') ELSE p.state END AS state,
  CASE WHEN w.is_final = 1 THEN 'the award of a final vintage would change'
       WHEN w.session_id IS NOT NULL THEN 'a change of the award passes a threshold of the programme'
       WHEN p.state <> 'awaiting approval' OR k.session_id IS NULL THEN CASE WHEN p.state = 'awaiting approval' THEN o.reason ELSE p.reason END
       WHEN o.reason = n.said OR o.reason LIKE '%; ' || n.said THEN o.reason
       ELSE concat_ws('; ', o.reason, n.said) END AS reason,
  p.content_digest, p.station_digest, p.connector, p.methodology, p.methodology_digest, p.programme_digest,
  p.energy_wh, p.baseline_emissions_ng, p.project_emissions_ng, p.emission_reductions_ng, p.points,
  p.data_quality_tier, p.provisional_until, p.other_basis_reductions_ng, p.other_basis_until, p.is_vehicle_class_assumed,
  q.rule IS NOT NULL AS has_quarantined_revision
FROM prior_state AS p
JOIN held_session AS h ON h.session_id = p.session_id
CROSS JOIN (SELECT 'a proposed change was rejected' AS said) AS n
LEFT JOIN proposed AS w ON w.session_id = p.session_id
LEFT JOIN stood_state AS o ON o.session_id = p.session_id
LEFT JOIN session_pinned AS k ON k.session_id = p.session_id
LEFT JOIN quarantined_lineage AS q ON q.session_id = p.session_id
