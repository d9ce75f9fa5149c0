-- What a vintage holds and whether it may still move, one row per programme and vintage.
WITH held AS (
  SELECT programme, vintage, SUM(points) AS points, SUM(emission_reductions_ng) AS emission_reductions_ng,
    SUM(CASE WHEN kind = 'issuance' THEN entries ELSE 0 END) AS made, SUM(fallen) AS fallen
  FROM entry_tally_log
  GROUP BY programme, vintage
),
waiting AS (
  SELECT
    programme, vintage,
    SUM(CASE WHEN state = 'awarded' THEN sessions ELSE 0 END)           AS awards,
    SUM(CASE WHEN state = 'awaiting grid' THEN sessions ELSE 0 END)     AS waiting_for_grid,
    SUM(CASE WHEN state = 'awaiting owner' THEN sessions ELSE 0 END)    AS waiting_for_owner,
    SUM(CASE WHEN state = 'awaiting approval' THEN sessions ELSE 0 END) AS waiting_for_approval
  FROM state_tally_log
  WHERE programme IS NOT NULL
  GROUP BY programme, vintage
)
SELECT
  v.programme,
  v.vintage,
  v.state,
  v.final_since_seq,
  CAST(coalesce(q.awards, 0) AS BIGINT)                                             AS awards,
  CAST(coalesce(h.made, 0) AS BIGINT)                               AS awards_made,
  CAST(coalesce(h.fallen, 0) AS BIGINT)                             AS awards_fallen,
  CAST(coalesce(h.points, 0) AS BIGINT)                             AS points,
  CAST(coalesce(h.emission_reductions_ng, 0) AS DECIMAL(38,0))      AS emission_reductions_ng,
  CAST(coalesce(q.waiting_for_grid, 0) AS BIGINT)                                   AS waiting_for_grid,
  CAST(coalesce(q.waiting_for_owner, 0) AS BIGINT)                                  AS waiting_for_owner,
  CAST(coalesce(q.waiting_for_approval, 0) AS BIGINT)                               AS waiting_for_approval
FROM prior_vintage AS v
LEFT JOIN held AS h ON h.programme = v.programme AND h.vintage = v.vintage
LEFT JOIN waiting AS q ON q.programme = v.programme AND q.vintage = v.vintage
ORDER BY v.programme, v.vintage
