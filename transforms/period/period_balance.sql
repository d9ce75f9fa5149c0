-- Balances of a month, one row per programme and month: what is booked up to its end.
WITH booked AS (
  SELECT m.programme, m.period, m.month_start,
    coalesce(SUM(b.entries), 0) AS entries, coalesce(SUM(b.points), 0) AS points,
    coalesce(SUM(b.emission_reductions_ng), 0) AS emission_reductions_ng, coalesce(SUM(b.not_awarded_ng), 0) AS not_awarded_ng,
    coalesce(SUM(b.clamped_ng), 0) AS clamped_ng, coalesce(SUM(b.rounding_ng), 0) AS rounding_ng,
    coalesce(SUM(b.capped_ng), 0) AS capped_ng
  FROM period_month AS m
  LEFT JOIN period_booked AS b ON b.programme = m.programme AND b.period = m.period
  GROUP BY m.programme, m.period, m.month_start
)
SELECT programme, period, month_start,
  CAST(SUM(entries) OVER upto AS BIGINT)                            AS entries,
  CAST(SUM(points) OVER upto AS BIGINT)                             AS points,
  CAST(SUM(emission_reductions_ng) OVER upto AS DECIMAL(38,0))      AS emission_reductions_ng,
  CAST(SUM(not_awarded_ng) OVER upto AS DECIMAL(38,0))              AS not_awarded_ng,
  CAST(SUM(clamped_ng) OVER upto AS DECIMAL(38,0))                  AS clamped_ng,
  CAST(SUM(rounding_ng) OVER upto AS DECIMAL(38,0))                 AS rounding_ng,
  CAST(SUM(capped_ng) OVER upto AS DECIMAL(38,0))                   AS capped_ng
FROM booked
WINDOW upto AS (PARTITION BY programme ORDER BY month_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
