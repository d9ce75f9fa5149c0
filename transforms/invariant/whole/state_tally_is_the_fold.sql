-- The tallies of all runs are the number of lineages in every state, and what they are assessed with: one row per state that breaks this.
WITH told AS (
  SELECT coalesce(programme, '') AS programme, coalesce(CAST(vintage AS VARCHAR), '') AS vintage, state, coalesce(cause, '') AS cause,
    SUM(sessions) AS sessions, SUM(assessed) AS assessed, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM state_tally_log
  GROUP BY coalesce(programme, ''), coalesce(CAST(vintage AS VARCHAR), ''), state, coalesce(cause, '')
),
counted AS (
  SELECT coalesce(programme, '') AS programme, coalesce(CAST(vintage AS VARCHAR), '') AS vintage, state,
    CASE WHEN state = 'not awarded' AND reason = 'not enrolled' THEN reason ELSE '' END AS cause,
    COUNT(*) AS sessions, SUM(CASE WHEN energy_wh IS NOT NULL THEN 1 ELSE 0 END) AS assessed,
    SUM(CASE WHEN energy_wh IS NOT NULL THEN emission_reductions_ng ELSE CAST(0 AS DECIMAL(38,0)) END) AS emission_reductions_ng
  FROM prior_state
  GROUP BY coalesce(programme, ''), coalesce(CAST(vintage AS VARCHAR), ''), state,
    CASE WHEN state = 'not awarded' AND reason = 'not enrolled' THEN reason ELSE '' END
)
SELECT coalesce(t.programme, c.programme) AS programme, coalesce(t.vintage, c.vintage) AS vintage, coalesce(t.state, c.state) AS state
FROM told AS t
FULL OUTER JOIN counted AS c ON c.programme = t.programme AND c.vintage = t.vintage AND c.state = t.state AND c.cause = t.cause
WHERE coalesce(t.sessions, 0) <> coalesce(c.sessions, 0) OR coalesce(t.assessed, 0) <> coalesce(c.assessed, 0)
   OR coalesce(t.emission_reductions_ng, 0) <> coalesce(c.emission_reductions_ng, 0)
