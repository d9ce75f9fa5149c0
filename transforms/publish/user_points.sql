-- What a user holds, one row per programme and user: what the publication before says, with what was posted since and what became final since.
WITH held AS (
  SELECT programme, user_id, points, final_points, emission_reductions_ng, entries, last_seq
  FROM user_points_before
  UNION ALL
  SELECT e.programme, e.user_id, e.points, CASE WHEN v.state = 'final' THEN e.points ELSE 0 END, e.emission_reductions_ng, 1, e.seq
  FROM ledger_entry_fresh AS e
  LEFT JOIN prior_vintage AS v ON v.programme = e.programme AND v.vintage = e.vintage
  UNION ALL
  SELECT e.programme, e.user_id, 0, e.points, 0, 0, 0
  FROM ledger_entry_log AS e
  JOIN prior_vintage AS v ON v.programme = e.programme AND v.vintage = e.vintage
  JOIN published_before AS b ON e.seq <= b.last_seq AND v.ledger_version > b.ledger_version
  WHERE v.state = 'final'
)
SELECT
  programme,
  user_id,
  CAST(SUM(points) AS BIGINT)                              AS points,
  CAST(SUM(final_points) AS BIGINT)                        AS final_points,
  CAST(SUM(emission_reductions_ng) AS DECIMAL(38,0))       AS emission_reductions_ng,
  CAST(SUM(entries) AS BIGINT)                             AS entries,
  MAX(last_seq)                                            AS last_seq
FROM held
GROUP BY programme, user_id
ORDER BY programme, user_id
