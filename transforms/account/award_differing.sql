-- Due against posted, one row per programme, lineage, vintage and user of a touched lineage where they differ.
-- is_final_award: an award is there, and its vintage is final.
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
)
SELECT t.*, coalesce(v.state = 'final', false) AND NOT t.nothing_posted AS is_final_award
FROM told AS t
LEFT JOIN prior_vintage AS v ON v.programme = t.programme AND v.vintage = t.vintage
WHERE t.due_points <> t.posted_points OR t.emission_reductions_ng <> 0 OR t.not_awarded_ng <> 0
   OR t.clamped_ng <> 0 OR t.rounding_ng <> 0 OR t.capped_ng <> 0
