-- What a vintage holds and whether it may still move, one row per programme and vintage.
WITH held AS (
  SELECT programme, vintage, SUM(points) AS points, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM ledger_entry_log
  GROUP BY programme, vintage
),
waiting AS (
  SELECT
    programme, vintage,
    COUNT(*) FILTER (WHERE state = 'awarded')           AS awards,
    COUNT(*) FILTER (WHERE state = 'awaiting grid')     AS waiting_for_grid,
    COUNT(*) FILTER (WHERE state = 'awaiting owner')    AS waiting_for_owner,
    COUNT(*) FILTER (WHERE state = 'awaiting approval') AS waiting_for_approval
  FROM prior_state
  WHERE programme IS NOT NULL
  GROUP BY programme, vintage
)
SELECT
  v.programme,
  v.vintage,
  v.state,
  v.final_since_seq,
  coalesce(q.awards, 0)                                             AS awards,
  CAST(coalesce(h.points, 0) AS BIGINT)                             AS points,
  CAST(coalesce(h.emission_reductions_ng, 0) AS DECIMAL(38,0))      AS emission_reductions_ng,
  coalesce(q.waiting_for_grid, 0)                                   AS waiting_for_grid,
  coalesce(q.waiting_for_owner, 0)                                  AS waiting_for_owner,
  coalesce(q.waiting_for_approval, 0)                               AS waiting_for_approval
FROM prior_vintage AS v
LEFT JOIN held AS h ON h.programme = v.programme AND h.vintage = v.vintage
LEFT JOIN waiting AS q ON q.programme = v.programme AND q.vintage = v.vintage
ORDER BY v.programme, v.vintage
