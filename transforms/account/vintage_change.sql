-- What would change of the awards that are there, one row per programme and vintage that is not final, with what the ledger holds of it:
-- changes of this run, and those that wait for a decision and are not touched.
WITH change AS (
  SELECT d.programme, d.vintage, d.user_id, ABS(d.due_points - d.posted_points) AS points
  FROM award_differing AS d
  LEFT JOIN released_session AS r ON r.session_id = d.session_id
  LEFT JOIN session_pinned AS k ON k.session_id = d.session_id
  WHERE NOT d.nothing_posted AND NOT d.is_final_award AND r.session_id IS NULL AND k.session_id IS NULL
  UNION ALL
  SELECT w.programme, w.vintage, w.user_id, ABS(w.points)
  FROM prior_proposal AS w
  LEFT JOIN prior_vintage AS v ON v.programme = w.programme AND v.vintage = w.vintage
  LEFT JOIN session_touched AS t ON t.session_id = w.session_id
  WHERE t.session_id IS NULL AND w.has_award AND v.state IS DISTINCT FROM 'final'
),
changed AS (
  SELECT programme, vintage, SUM(points) AS points, COUNT(DISTINCT user_id) AS users
  FROM change
  GROUP BY programme, vintage
),
held AS (
  SELECT e.programme, e.vintage, e.session_id, e.user_id, SUM(e.points) AS points, SUM(e.emission_reductions_ng) AS emission_reductions_ng
  FROM ledger_entry_log AS e
  JOIN changed AS c ON c.programme = e.programme AND c.vintage = e.vintage
  GROUP BY e.programme, e.vintage, e.session_id, e.user_id
)
SELECT c.programme, c.vintage, CAST(MAX(c.points) AS BIGINT) AS changed_points, CAST(MAX(c.users) AS BIGINT) AS changed_users,
  CAST(SUM(h.points) AS BIGINT) AS points, COUNT(DISTINCT h.user_id) AS users
FROM changed AS c
JOIN held AS h ON h.programme = c.programme AND h.vintage = c.vintage
WHERE h.points <> 0 OR h.emission_reductions_ng <> 0
GROUP BY c.programme, c.vintage
