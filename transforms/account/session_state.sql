-- The state of every touched lineage after this run, one row per lineage whose state is another than before.
-- A lineage that waits for a decision, or whose change was rejected, keeps what was posted for it.
WITH held AS (SELECT session_id FROM held_session),
standing AS (SELECT DISTINCT session_id FROM award_change WHERE is_standing),
fresh AS (
  SELECT
    t.session_id, s.programme, s.vintage, s.region, s.user_id,
    CASE
      WHEN s.session_id IS NULL THEN 'quarantined'
      WHEN x.session_id IS NOT NULL THEN x.state
      WHEN s.is_credit_alone THEN 'awaiting original'
      WHEN s.is_withdrawn THEN 'withdrawn'
      WHEN s.region IS NULL OR s.lacks_county THEN 'awaiting station'
      WHEN s.methodology IS NULL THEN 'outside'
      WHEN a.session_id IS NULL THEN 'awaiting grid'
      WHEN s.user_id IS NULL THEN 'awaiting owner'
      WHEN NOT s.is_enrolled THEN 'not awarded'
      WHEN w.not_awarded_reason IS NOT NULL THEN 'not awarded'
      ELSE 'awarded'
    END                                       AS state,
    CASE
      WHEN s.session_id IS NULL THEN q.rule
      WHEN x.session_id IS NOT NULL THEN x.reason
      WHEN s.is_withdrawn OR s.region IS NULL THEN NULL
      WHEN s.programme IS NULL THEN 'no programme for the region'
      WHEN s.is_of_other_class THEN 'no version in force for the vehicle class'
      WHEN s.methodology IS NULL THEN 'no version in force for the vintage'
      WHEN s.lacks_county THEN 'the version needs the county of the station'
      WHEN d.session_id IS NOT NULL THEN 'the vintage is final: an award may not rest on an open hour'
      WHEN a.session_id IS NOT NULL AND s.user_id IS NOT NULL AND NOT s.is_enrolled THEN 'not enrolled'
      ELSE w.not_awarded_reason
    END                                       AS reason,
    s.content_digest, s.station_digest, c.connector, s.methodology, s.methodology_digest, s.programme_digest,
    a.energy_wh, a.baseline_emissions_ng, a.project_emissions_ng, a.emission_reductions_ng,
    CASE WHEN a.session_id IS NOT NULL THEN coalesce(CASE WHEN g.session_id IS NOT NULL THEN p.points ELSE w.points END, 0) END AS points,
    a.data_quality_tier, a.provisional_until, a.other_basis_reductions_ng, a.other_basis_until,
    CASE WHEN a.session_id IS NOT NULL THEN s.vehicle_class IS NULL END AS is_vehicle_class_assumed,
    q.rule IS NOT NULL AND s.session_id IS NOT NULL AS has_quarantined_revision
  FROM session_touched AS t
  LEFT JOIN session_scope AS s ON s.session_id = t.session_id
  LEFT JOIN session_assessment AS a ON a.session_id = t.session_id
  LEFT JOIN session_award AS w ON w.session_id = t.session_id
  LEFT JOIN quarantined_lineage AS q ON q.session_id = t.session_id
  LEFT JOIN session_set_aside AS x ON x.session_id = t.session_id
  LEFT JOIN deferred_session AS d ON d.session_id = t.session_id
  LEFT JOIN connector_session AS c ON c.session_id = t.session_id
  LEFT JOIN standing AS g ON g.session_id = t.session_id
  LEFT JOIN prior_state AS p ON p.session_id = t.session_id
  WHERE NOT EXISTS (SELECT 1 FROM held AS h WHERE h.session_id = t.session_id)
)
SELECT * FROM fresh
UNION ALL
SELECT * FROM kept_state
EXCEPT
SELECT session_id, programme, vintage, region, user_id, state, reason, content_digest, station_digest, connector, methodology, methodology_digest,
  programme_digest, energy_wh, baseline_emissions_ng, project_emissions_ng, emission_reductions_ng, points,
  data_quality_tier, provisional_until, other_basis_reductions_ng, other_basis_until, is_vehicle_class_assumed, has_quarantined_revision
FROM prior_state
