-- How this run moves the number of lineages in a state, one row per programme, vintage, state and cause that it moves: lineages, those of them that
-- are assessed, and the reductions of these. The sum over all runs is how many there are.
WITH moved AS (
  SELECT s.programme, s.vintage, s.state, s.reason, 1 AS sessions,
    CASE WHEN s.energy_wh IS NOT NULL THEN 1 ELSE 0 END                                          AS assessed,
    CASE WHEN s.energy_wh IS NOT NULL THEN s.emission_reductions_ng ELSE CAST(0 AS DECIMAL(38,0)) END AS emission_reductions_ng
  FROM session_state AS s
  UNION ALL
  SELECT p.programme, p.vintage, p.state, p.reason, -1,
    CASE WHEN p.energy_wh IS NOT NULL THEN -1 ELSE 0 END,
    CASE WHEN p.energy_wh IS NOT NULL THEN -p.emission_reductions_ng ELSE CAST(0 AS DECIMAL(38,0)) END
  FROM prior_state AS p
  JOIN session_state AS s ON s.session_id = p.session_id
),
told AS (
  SELECT programme, vintage, state, CASE WHEN state = 'not awarded' AND reason = 'not enrolled' THEN reason END AS cause,
    sessions, assessed, emission_reductions_ng
  FROM moved
)
SELECT programme, vintage, state, cause,
  CAST(SUM(sessions) AS BIGINT)                          AS sessions,
  CAST(SUM(assessed) AS BIGINT)                          AS assessed,
  CAST(SUM(emission_reductions_ng) AS DECIMAL(38,0))     AS emission_reductions_ng
FROM told
GROUP BY programme, vintage, state, cause
HAVING SUM(sessions) <> 0 OR SUM(assessed) <> 0 OR SUM(emission_reductions_ng) <> 0
