-- The points of the assessments are the points of the ledger, per session: one row per session that breaks this.
SELECT coalesce(a.session_id, e.session_id) AS session_id, a.points, e.points AS ledger_points
FROM session_assessment AS a
FULL OUTER JOIN (SELECT session_id, SUM(points) AS points FROM ledger_entry GROUP BY session_id) AS e
  ON e.session_id = a.session_id
WHERE coalesce(a.points, 0) <> coalesce(e.points, 0)
