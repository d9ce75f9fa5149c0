-- After the entries the ledger holds exactly what is due, for every key that is not held or standing: one row per key that breaks this.
WITH after_run AS (
  SELECT programme, session_id, vintage, user_id, SUM(points) AS points, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM (
    SELECT l.programme, l.session_id, l.vintage, l.user_id, l.points, l.emission_reductions_ng
    FROM ledger_entry_log AS l JOIN session_touched AS t ON t.session_id = l.session_id
    UNION ALL
    SELECT programme, session_id, vintage, user_id, points, emission_reductions_ng FROM ledger_entry
  ) AS told
  GROUP BY programme, session_id, vintage, user_id
)
SELECT coalesce(a.session_id, d.session_id) AS session_id, a.points, d.points AS due_points
FROM after_run AS a
FULL OUTER JOIN session_award AS d
  ON d.programme = a.programme AND d.session_id = a.session_id AND d.vintage = a.vintage AND d.user_id = a.user_id
WHERE (coalesce(a.points, 0) <> coalesce(d.points, 0)
       OR coalesce(a.emission_reductions_ng, 0) <> coalesce(d.emission_reductions_ng, 0))
  AND NOT EXISTS (SELECT 1 FROM award_change AS c
                  WHERE (c.is_held OR c.is_standing) AND c.session_id = coalesce(a.session_id, d.session_id))
