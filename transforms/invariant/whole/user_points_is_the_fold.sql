-- user_points is the fold of the ledger, per user and in total: one row per user that breaks this.
SELECT coalesce(u.user_id, e.user_id) AS user_id, u.points, e.points AS ledger_points
FROM user_points AS u
FULL OUTER JOIN (
  SELECT l.programme, l.user_id, SUM(l.points) AS points, SUM(l.emission_reductions_ng) AS emission_reductions_ng,
    SUM(CASE WHEN v.state = 'final' THEN l.points ELSE 0 END) AS final_points
  FROM segment_ledger_entry AS l
  LEFT JOIN vintage AS v ON v.programme = l.programme AND v.vintage = l.vintage
  GROUP BY l.programme, l.user_id
) AS e ON e.programme = u.programme AND e.user_id = u.user_id
WHERE coalesce(u.points, 0) <> coalesce(e.points, 0) OR u.user_id IS NULL OR e.user_id IS NULL
   OR u.final_points <> e.final_points
   OR u.emission_reductions_ng <> e.emission_reductions_ng
