-- Why an award changes, one row per touched lineage: what differs between the state before and the state now, sorted.
WITH restated AS (
  SELECT h.session_id,
    MAX(CASE WHEN p.provisional_until IS NULL THEN 1 ELSE 0 END)                                        AS was_settled,
    MAX(CASE WHEN p.provisional_until IS NOT NULL AND i.provisional_until IS NULL THEN 1 ELSE 0 END)     AS is_settled,
    MAX(CASE WHEN p.provisional_until IS NOT NULL AND i.provisional_until IS NOT NULL THEN 1 ELSE 0 END) AS is_open
  FROM session_hour AS h
  JOIN session_scope AS s ON s.session_id = h.session_id
  JOIN prior_state AS q ON q.session_id = h.session_id AND q.methodology = s.methodology AND q.energy_wh IS NOT NULL
  JOIN grid_intensity_hour AS i ON i.methodology = s.methodology AND i.region = h.region AND i.hour_start = h.hour_start
  JOIN prior_intensity AS p ON p.methodology = i.methodology AND p.region = i.region AND p.hour_start = i.hour_start
  WHERE p.intensity_ug_per_kwh <> i.intensity_ug_per_kwh
  GROUP BY h.session_id
),
green AS (
  SELECT m.session_id, MAX(CASE WHEN n.session_id IS NOT NULL THEN 1 ELSE 0 END) AS is_new
  FROM match_known AS m
  LEFT JOIN (SELECT DISTINCT session_id FROM energy_match) AS n ON n.session_id = m.session_id
  GROUP BY m.session_id
),
told AS (
  SELECT
    t.session_id,
    CASE WHEN p.content_digest <> s.content_digest THEN 'corrected session' END               AS corrected,
    CASE WHEN p.user_id <> s.user_id OR (p.user_id IS NULL) <> (s.user_id IS NULL)
         THEN 'changed owner' END                                                             AS owner,
    CASE WHEN p.station_digest IS DISTINCT FROM s.station_digest AND p.content_digest IS NOT NULL THEN 'changed station' END AS station,
    CASE WHEN s.is_withdrawn AND p.state <> 'withdrawn' THEN 'withdrawn session' END          AS withdrawn,
    CASE WHEN (p.reason = 'not enrolled' AND s.is_enrolled)
              OR (coalesce(p.reason, '') <> 'not enrolled' AND s.user_id IS NOT NULL AND NOT s.is_enrolled AND p.user_id = s.user_id)
         THEN 'changed enrolment' END                                                         AS enrolment,
    CASE WHEN p.methodology_digest <> s.methodology_digest THEN 'new methodology' END         AS methodology,
    CASE WHEN p.programme_digest <> s.programme_digest THEN 'changed programme' END           AS programme,
    CASE WHEN g.is_settled = 1 THEN 'settled grid data' END                                   AS settled,
    CASE WHEN g.is_open = 1 THEN 'other provisional grid data' END                            AS provisional,
    CASE WHEN m.is_new = 1 AND p.project_emissions_ng <> a.project_emissions_ng THEN 'matched green power' END AS matched,
    CASE WHEN m.is_new = 0 AND p.content_digest = s.content_digest AND p.project_emissions_ng <> a.project_emissions_ng
         THEN 'changed green power' END                                                       AS green,
    CASE WHEN g.was_settled = 1 OR (g.session_id IS NULL AND m.session_id IS NULL AND p.content_digest = s.content_digest AND p.station_digest IS NOT DISTINCT FROM s.station_digest
              AND p.methodology_digest = s.methodology_digest
              AND p.project_emissions_ng <> a.project_emissions_ng) THEN 'restated grid data' END AS grid,
    CASE WHEN p.state = 'awaiting grid' AND a.session_id IS NOT NULL THEN 'awaited grid data' END AS awaited,
    CASE WHEN x.state = 'duplicate' AND p.state <> 'duplicate' THEN 'duplicate claim' END     AS claim,
    CASE WHEN x.state = 'quarantined' AND p.state <> 'quarantined' THEN 'connector overlap' END AS overlap,
    CASE WHEN p.state = 'duplicate' AND x.state IS DISTINCT FROM 'duplicate' THEN 'ended claim' END AS claim_ended,
    CASE WHEN p.reason = 'connector_overlap' AND x.state IS DISTINCT FROM 'quarantined' THEN 'ended overlap' END AS overlap_ended,
    CASE WHEN p.energy_wh IS NOT NULL AND a.session_id IS NULL AND NOT s.is_withdrawn AND x.session_id IS NULL THEN 'no longer assessed' END  AS gone,
    NOT EXISTS (SELECT 1 FROM posted AS e WHERE e.session_id = t.session_id)                  AS is_first
  FROM session_touched AS t
  LEFT JOIN prior_state AS p ON p.session_id = t.session_id
  LEFT JOIN session_scope AS s ON s.session_id = t.session_id
  LEFT JOIN session_assessment AS a ON a.session_id = t.session_id
  LEFT JOIN session_set_aside AS x ON x.session_id = t.session_id
  LEFT JOIN restated AS g ON g.session_id = t.session_id
  LEFT JOIN green AS m ON m.session_id = t.session_id
)
SELECT
  session_id,
  CASE WHEN is_first THEN 'first assessment'
       ELSE coalesce(NULLIF(concat_ws(', ', awaited, enrolment, green, owner, programme, station, overlap, corrected, claim, claim_ended, overlap_ended, matched,
         methodology, gone, provisional, grid, settled, withdrawn), ''), 'shared cap')
  END AS reason
FROM told
