-- The statements of all months, one row per programme, month and line: of a closed month as it was frozen, of an open one as it stands.
SELECT l.programme, l.period, l.line_no, l.line, l.kind, l.reason, l.entries, l.points, l.emission_reductions_ng, l.not_awarded_ng,
  l.clamped_ng, l.rounding_ng, l.capped_ng, 'open' AS state, CAST(NULL AS VARCHAR) AS receipt_digest
FROM period_line AS l
LEFT JOIN period_closed AS c ON c.programme = l.programme AND c.period = l.period
WHERE c.programme IS NULL
UNION ALL
SELECT f.programme, f.period, f.line_no, f.line, f.kind, f.reason, f.entries, f.points, f.emission_reductions_ng, f.not_awarded_ng,
  f.clamped_ng, f.rounding_ng, f.capped_ng, 'closed', f.receipt_digest
FROM period_frozen AS f
ORDER BY programme, period, line_no
