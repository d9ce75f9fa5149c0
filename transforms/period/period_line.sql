-- The statement of every month as the ledger stands, one row per programme, month and line: opening balance, what is booked by kind and
-- reason, closing balance, and the memo of what is not posted.
WITH line AS (
  SELECT 'opening' AS line, '' AS kind, '' AS reason, m.programme, m.period,
    coalesce(b.entries, 0) AS entries, coalesce(b.points, 0) AS points, coalesce(b.emission_reductions_ng, 0) AS emission_reductions_ng,
    coalesce(b.not_awarded_ng, 0) AS not_awarded_ng, coalesce(b.clamped_ng, 0) AS clamped_ng,
    coalesce(b.rounding_ng, 0) AS rounding_ng, coalesce(b.capped_ng, 0) AS capped_ng
  FROM period_month AS m
  LEFT JOIN period_balance AS b ON b.programme = m.programme AND next_month(b.month_start) = m.month_start
  UNION ALL
  SELECT 'booked', b.kind, b.reason, b.programme, b.period, b.entries, b.points, b.emission_reductions_ng, b.not_awarded_ng, b.clamped_ng,
    b.rounding_ng, b.capped_ng
  FROM period_booked AS b
  UNION ALL
  SELECT 'closing', '', '', b.programme, b.period, b.entries, b.points, b.emission_reductions_ng, b.not_awarded_ng, b.clamped_ng,
    b.rounding_ng, b.capped_ng
  FROM period_balance AS b
  UNION ALL
  SELECT 'memo', o.kind, o.reason, o.programme, o.period, o.sessions, 0, o.emission_reductions_ng, o.emission_reductions_ng, 0, 0, 0
  FROM period_memo AS o
)
SELECT
  programme, period,
  ROW_NUMBER() OVER (PARTITION BY programme, period
                     ORDER BY CASE WHEN line = 'opening' THEN 0 ELSE 1 END, CASE WHEN line = 'booked' THEN 0 ELSE 1 END,
                              CASE WHEN line = 'closing' THEN 0 ELSE 1 END, kind, reason)   AS line_no,
  line, kind, reason,
  CAST(entries AS BIGINT)                            AS entries,
  CAST(points AS BIGINT)                             AS points,
  CAST(emission_reductions_ng AS DECIMAL(38,0))      AS emission_reductions_ng,
  CAST(not_awarded_ng AS DECIMAL(38,0))              AS not_awarded_ng,
  CAST(clamped_ng AS DECIMAL(38,0))                  AS clamped_ng,
  CAST(rounding_ng AS DECIMAL(38,0))                 AS rounding_ng,
  CAST(capped_ng AS DECIMAL(38,0))                   AS capped_ng
FROM line
