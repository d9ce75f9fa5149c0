-- Due against posted, one row per programme, lineage, vintage and user of a touched lineage where either is there.
-- is_held: an award of a final vintage would change because its own inputs did. is_standing: it would change only because
-- something else arrived, so it stands as posted.
WITH told AS (
  SELECT
    coalesce(d.programme, p.programme)   AS programme,
    coalesce(d.session_id, p.session_id) AS session_id,
    coalesce(d.vintage, p.vintage)       AS vintage,
    coalesce(d.user_id, p.user_id)       AS user_id,
    coalesce(d.points, 0)                AS due_points,
    coalesce(p.points, 0)                AS posted_points,
    wide(coalesce(d.emission_reductions_ng, 0)) - coalesce(p.emission_reductions_ng, 0) AS emission_reductions_ng,
    wide(coalesce(d.not_awarded_ng, 0)) - coalesce(p.not_awarded_ng, 0)                 AS not_awarded_ng,
    wide(coalesce(d.clamped_ng, 0)) - coalesce(p.clamped_ng, 0)                         AS clamped_ng,
    wide(coalesce(d.rounding_ng, 0)) - coalesce(p.rounding_ng, 0)                       AS rounding_ng,
    wide(coalesce(d.capped_ng, 0)) - coalesce(p.capped_ng, 0)                           AS capped_ng,
    d.session_id IS NULL OR (d.points = 0 AND d.emission_reductions_ng = 0)             AS nothing_due,
    coalesce(p.points, 0) = 0 AND coalesce(p.emission_reductions_ng, 0) = 0             AS nothing_posted,
    coalesce(p.entries, 0)                                                              AS entries
  FROM session_award AS d
  FULL OUTER JOIN posted AS p
    ON p.programme = d.programme AND p.session_id = d.session_id AND p.vintage = d.vintage AND p.user_id = d.user_id
),
differing AS (
  SELECT t.*, v.state = 'final' AND NOT t.nothing_posted AS is_final_award
  FROM told AS t
  LEFT JOIN prior_vintage AS v ON v.programme = t.programme AND v.vintage = t.vintage
  WHERE t.due_points <> t.posted_points OR t.emission_reductions_ng <> 0 OR t.not_awarded_ng <> 0
     OR t.clamped_ng <> 0 OR t.rounding_ng <> 0 OR t.capped_ng <> 0
),
own_change AS (
  SELECT p.session_id
  FROM prior_state AS p
  LEFT JOIN session_scope AS s ON s.session_id = p.session_id
  LEFT JOIN session_assessment AS a ON a.session_id = p.session_id
  WHERE p.content_digest IS DISTINCT FROM s.content_digest
     OR p.station_digest IS DISTINCT FROM s.station_digest
     OR p.user_id IS DISTINCT FROM s.user_id
     OR (p.state = 'withdrawn') IS DISTINCT FROM s.is_withdrawn
     OR (coalesce(p.reason, '') = 'not enrolled') IS DISTINCT FROM (s.user_id IS NOT NULL AND NOT s.is_enrolled)
     OR p.methodology_digest IS DISTINCT FROM s.methodology_digest
     OR p.programme_digest IS DISTINCT FROM s.programme_digest
     OR p.emission_reductions_ng IS DISTINCT FROM a.emission_reductions_ng
     OR p.energy_wh IS DISTINCT FROM a.energy_wh
),
held AS (
  SELECT DISTINCT d.session_id
  FROM differing AS d
  JOIN own_change AS o ON o.session_id = d.session_id
  WHERE d.is_final_award
  UNION
  SELECT session_id FROM held_session
)
SELECT d.*, h.session_id IS NOT NULL AS is_held, d.is_final_award AND h.session_id IS NULL AS is_standing
FROM differing AS d
LEFT JOIN held AS h ON h.session_id = d.session_id
