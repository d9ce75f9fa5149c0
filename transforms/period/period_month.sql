-- Months that have a statement, one row per programme and month: every one from the first to the last that has a vintage, an entry or a
-- close, or is asked for.
WITH RECURSIVE told AS (
  SELECT programme, CAST(period || '-01' AS DATE) AS month_start FROM entry_tally_log
  UNION
  SELECT programme, month_start(vintage) FROM prior_vintage
  UNION
  SELECT programme, CAST(period || '-01' AS DATE) FROM period_closed
  UNION
  SELECT programme, CAST(period || '-01' AS DATE) FROM period_asked
),
spanned AS (
  SELECT programme, MIN(month_start) AS month_start, MAX(month_start) AS last_start FROM told GROUP BY programme
),
month AS (
  SELECT programme, month_start, last_start FROM spanned
  UNION ALL
  SELECT programme, next_month(month_start), last_start FROM month WHERE month_start < last_start
)
SELECT m.programme, m.month_start, substr(CAST(m.month_start AS VARCHAR), 1, 7) AS period -- 7 letters: YYYY-MM
FROM month AS m
