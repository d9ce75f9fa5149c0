-- A statement closes: every line, closing = opening + booked, and opening = the closing of the month before: one row per line that breaks this.
WITH moved AS (
  SELECT programme, period,
    SUM(CASE WHEN line = 'closing' THEN -points WHEN line = 'memo' THEN 0 ELSE points END)                 AS points,
    SUM(CASE WHEN line = 'closing' THEN -emission_reductions_ng WHEN line = 'memo' THEN 0 ELSE emission_reductions_ng END) AS reductions_ng,
    SUM(CASE WHEN line = 'closing' THEN -not_awarded_ng WHEN line = 'memo' THEN 0 ELSE not_awarded_ng END) AS not_awarded_ng,
    SUM(CASE WHEN line = 'closing' THEN -clamped_ng WHEN line = 'memo' THEN 0 ELSE clamped_ng END)         AS clamped_ng,
    SUM(CASE WHEN line = 'closing' THEN -rounding_ng WHEN line = 'memo' THEN 0 ELSE rounding_ng END)       AS rounding_ng,
    SUM(CASE WHEN line = 'closing' THEN -capped_ng WHEN line = 'memo' THEN 0 ELSE capped_ng END)           AS capped_ng,
    SUM(CASE WHEN line = 'closing' THEN -entries WHEN line = 'memo' THEN 0 ELSE entries END)               AS entries,
    COUNT(*) FILTER (WHERE line = 'opening') AS openings, COUNT(*) FILTER (WHERE line = 'closing') AS closings
  FROM period_statement
  GROUP BY programme, period
)
SELECT programme, period, 0 AS line_no
FROM moved
WHERE points <> 0 OR reductions_ng <> 0 OR not_awarded_ng <> 0 OR clamped_ng <> 0 OR rounding_ng <> 0 OR capped_ng <> 0 OR entries <> 0
   OR openings <> 1 OR closings <> 1
UNION ALL
SELECT programme, period, line_no
FROM period_statement
WHERE emission_reductions_ng <> wide(points) * 1000000000 + not_awarded_ng + clamped_ng + rounding_ng + capped_ng -- 10^9 ng are a gram
UNION ALL
SELECT o.programme, o.period, o.line_no
FROM period_statement AS o
LEFT JOIN period_statement AS c
  ON c.programme = o.programme AND c.line = 'closing'
  AND next_month(CAST(c.period || '-01' AS DATE)) = CAST(o.period || '-01' AS DATE)
WHERE o.line = 'opening'
  AND (o.points <> coalesce(c.points, 0) OR o.emission_reductions_ng <> coalesce(c.emission_reductions_ng, 0)
       OR o.not_awarded_ng <> coalesce(c.not_awarded_ng, 0) OR o.clamped_ng <> coalesce(c.clamped_ng, 0)
       OR o.rounding_ng <> coalesce(c.rounding_ng, 0) OR o.capped_ng <> coalesce(c.capped_ng, 0) OR o.entries <> coalesce(c.entries, 0))
