-- What a user holds, one row per programme and user: the fold of the whole ledger.
SELECT
  e.programme,
  e.user_id,
  CAST(SUM(e.points) AS BIGINT)                                                  AS points,
  CAST(SUM(CASE WHEN v.state = 'final' THEN e.points ELSE 0 END) AS BIGINT)      AS final_points,
  CAST(SUM(e.emission_reductions_ng) AS DECIMAL(38,0))                           AS emission_reductions_ng,
  COUNT(*)                                                                       AS entries,
  MAX(e.seq)                                                                     AS last_seq
FROM ledger_entry_log AS e
LEFT JOIN prior_vintage AS v ON v.programme = e.programme AND v.vintage = e.vintage
GROUP BY e.programme, e.user_id
ORDER BY e.programme, e.user_id
