-- The state of every touched lineage after this run, one row per lineage whose state is another than before.
-- A lineage that waits for a decision, or whose change was rejected, keeps what was posted for it.
WITH held AS (SELECT session_id FROM held_session),
standing AS (SELECT DISTINCT session_id FROM award_change WHERE is_standing),
fresh AS (
  SELECT
    s.session_id, s.programme, s.vintage, s.region, s.user_id,
    CASE
      WHEN NOT s.is_known THEN 'quarantined'
      WHEN x.session_id IS NOT NULL THEN x.state
      WHEN s.is_credit_alone THEN 'awaiting original'
      WHEN s.is_withdrawn THEN 'withdrawn'
      WHEN s.region IS NULL OR s.lacks_county THEN 'awaiting station'
      WHEN s.methodology IS NULL THEN 'outside'
      WHEN a.session_id IS NULL THEN 'awaiting grid'
      WHEN s.user_id IS NULL THEN 'awaiting owner'
      WHEN NOT s.is_enrolled THEN 'not awarded'
      WHEN a.not_awarded_reason IS NOT NULL THEN 'not awarded'
      ELSE 'awarded'
    END                                       AS state,
    CASE
      WHEN NOT s.is_known THEN q.rule
      WHEN x.session_id IS NOT NULL THEN x.reason
      WHEN s.is_withdrawn OR s.region IS NULL THEN NULL
      WHEN s.programme IS NULL THEN 'no programme for the region'
      WHEN s.is_of_other_class THEN 'no version in force for the vehicle class'
      WHEN s.methodology IS NULL THEN 'no version in force for the vintage'
      WHEN s.lacks_county THEN 'the version needs the county of the station'
      WHEN d.session_id IS NOT NULL THEN 'the vintage is final: an award may not rest on an open hour'
      WHEN a.session_id IS NOT NULL AND s.user_id IS NOT NULL AND NOT s.is_enrolled THEN 'not enrolled'
      ELSE a.not_awarded_reason
    END                                       AS reason,
    s.content_digest, s.station_digest, s.connector, s.methodology, s.methodology_digest, s.programme_digest,
    a.energy_wh, a.baseline_emissions_ng, a.project_emissions_ng, a.emission_reductions_ng,
    CASE WHEN a.session_id IS NOT NULL THEN coalesce(CASE WHEN g.session_id IS NOT NULL THEN p.points ELSE a.points END, 0) END AS points,
    a.data_quality_tier, a.provisional_until, a.other_basis_reductions_ng, a.other_basis_until,
    CASE WHEN a.session_id IS NOT NULL THEN s.vehicle_class IS NULL END AS is_vehicle_class_assumed,
    q.rule IS NOT NULL AND s.is_known AS has_quarantined_revision
  FROM touched_scope AS s
  LEFT JOIN touched_award AS a ON a.session_id = s.session_id
  LEFT JOIN quarantined_lineage AS q ON q.session_id = s.session_id
  LEFT JOIN session_set_aside AS x ON x.session_id = s.session_id
  LEFT JOIN deferred_session AS d ON d.session_id = s.session_id
  LEFT JOIN standing AS g ON g.session_id = s.session_id
  LEFT JOIN prior_state AS p ON p.session_id = s.session_id
  WHERE NOT EXISTS (SELECT 1 FROM held AS h WHERE h.session_id = s.session_id)
)
SELECT n.*
FROM (SELECT * FROM fresh UNION ALL SELECT * FROM kept_state) AS n
LEFT JOIN prior_state AS p ON p.session_id = n.session_id
WHERE p.session_id IS NULL
   OR p.programme IS DISTINCT FROM n.programme OR p.vintage IS DISTINCT FROM n.vintage OR p.region IS DISTINCT FROM n.region
   OR p.user_id IS DISTINCT FROM n.user_id OR p.state IS DISTINCT FROM n.state OR p.reason IS DISTINCT FROM n.reason
   OR p.content_digest IS DISTINCT FROM n.content_digest OR p.station_digest IS DISTINCT FROM n.station_digest
   OR p.connector IS DISTINCT FROM n.connector OR p.methodology IS DISTINCT FROM n.methodology
   OR p.methodology_digest IS DISTINCT FROM n.methodology_digest OR p.programme_digest IS DISTINCT FROM n.programme_digest
   OR p.energy_wh IS DISTINCT FROM n.energy_wh OR p.baseline_emissions_ng IS DISTINCT FROM n.baseline_emissions_ng
   OR p.project_emissions_ng IS DISTINCT FROM n.project_emissions_ng
   OR p.emission_reductions_ng IS DISTINCT FROM n.emission_reductions_ng OR p.points IS DISTINCT FROM n.points
   OR p.data_quality_tier IS DISTINCT FROM n.data_quality_tier OR p.provisional_until IS DISTINCT FROM n.provisional_until
   OR p.other_basis_reductions_ng IS DISTINCT FROM n.other_basis_reductions_ng
   OR p.other_basis_until IS DISTINCT FROM n.other_basis_until
   OR p.is_vehicle_class_assumed IS DISTINCT FROM n.is_vehicle_class_assumed
   OR p.has_quarantined_revision IS DISTINCT FROM n.has_quarantined_revision
