-- Reductions that are assessed and not posted, because nobody owns the session or its owner is not enrolled, one row per programme, month,
-- age and reason: of vintages of the month itself, and of earlier ones that wait still.
WITH told AS (
  SELECT
    m.programme, m.period,
    CASE WHEN s.vintage >= m.month_start THEN 'vintages of this month' ELSE 'vintages of earlier months' END AS kind,
    CASE WHEN s.state = 'awaiting owner' THEN 'no owner' ELSE s.cause END                                   AS reason,
    s.assessed, s.emission_reductions_ng
  FROM period_month AS m
  JOIN state_tally_log AS s ON s.programme = m.programme AND s.vintage < next_month(m.month_start)
  WHERE s.state = 'awaiting owner' OR s.cause = 'not enrolled'
)
SELECT programme, period, kind, reason,
  CAST(SUM(assessed) AS BIGINT)                          AS sessions,
  CAST(SUM(emission_reductions_ng) AS DECIMAL(38,0))     AS emission_reductions_ng
FROM told
GROUP BY programme, period, kind, reason
HAVING SUM(assessed) <> 0
