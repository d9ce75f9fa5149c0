-- user_points is the fold of the ledger, per user and in total: one row per user that breaks this.
SELECT coalesce(u.user_id, e.user_id) AS user_id, u.points, e.points AS ledger_points
FROM user_points AS u
FULL OUTER JOIN (
  SELECT programme, user_id, SUM(points) AS points, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM segment_ledger_entry
  GROUP BY programme, user_id
) AS e ON e.programme = u.programme AND e.user_id = u.user_id
WHERE coalesce(u.points, 0) <> coalesce(e.points, 0) OR u.user_id IS NULL OR e.user_id IS NULL
   OR u.emission_reductions_ng <> e.emission_reductions_ng
