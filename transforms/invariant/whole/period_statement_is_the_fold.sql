-- What a statement books is the fold of the ledger, of closed months too, which take no entry after: one row per line that breaks this.
SELECT coalesce(p.programme, e.programme) AS programme, coalesce(p.period, e.period) AS period, p.points, e.points AS ledger_points
FROM (SELECT * FROM period_statement WHERE line = 'booked') AS p
FULL OUTER JOIN (
  SELECT programme, period, kind, reason, COUNT(*) AS entries, SUM(points) AS points,
    SUM(emission_reductions_ng) AS emission_reductions_ng, SUM(not_awarded_ng) AS not_awarded_ng, SUM(clamped_ng) AS clamped_ng,
    SUM(rounding_ng) AS rounding_ng, SUM(capped_ng) AS capped_ng
  FROM segment_ledger_entry
  GROUP BY programme, period, kind, reason
) AS e ON e.programme = p.programme AND e.period = p.period AND e.kind = p.kind AND e.reason = p.reason
WHERE p.programme IS NULL OR e.programme IS NULL OR p.entries <> e.entries OR p.points <> e.points
   OR p.emission_reductions_ng <> e.emission_reductions_ng OR p.not_awarded_ng <> e.not_awarded_ng
   OR p.clamped_ng <> e.clamped_ng OR p.rounding_ng <> e.rounding_ng OR p.capped_ng <> e.capped_ng
