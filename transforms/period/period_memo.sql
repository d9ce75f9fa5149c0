-- Reductions that are assessed and not posted, because nobody owns the session or its owner is not enrolled, one row per programme, month,
-- age and reason: of vintages of the month itself, and of earlier ones that wait still.
SELECT
  m.programme, m.period,
  CASE WHEN s.vintage >= m.month_start THEN 'vintages of this month' ELSE 'vintages of earlier months' END AS kind,
  CASE WHEN s.state = 'awaiting owner' THEN 'no owner' ELSE 'not enrolled' END                            AS reason,
  COUNT(*)                                                       AS sessions,
  CAST(SUM(s.emission_reductions_ng) AS DECIMAL(38,0))           AS emission_reductions_ng
FROM period_month AS m
JOIN prior_state AS s ON s.programme = m.programme AND s.vintage < next_month(m.month_start)
WHERE s.energy_wh IS NOT NULL AND (s.state = 'awaiting owner' OR (s.state = 'not awarded' AND s.reason = 'not enrolled'))
GROUP BY m.programme, m.period, CASE WHEN s.vintage >= m.month_start THEN 'vintages of this month' ELSE 'vintages of earlier months' END,
  CASE WHEN s.state = 'awaiting owner' THEN 'no owner' ELSE 'not enrolled' END
