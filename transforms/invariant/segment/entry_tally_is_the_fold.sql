-- The tallies of the runs are the fold of the entries that the segments hold: one row per vintage, period, kind and reason that breaks this.
-- What fell was posted while the vintage was provisional, or in the run that made it final.
SELECT coalesce(t.programme, e.programme) AS programme, coalesce(t.vintage, e.vintage) AS vintage, t.points, e.points AS segment_points
FROM (
  SELECT l.programme, l.vintage, l.period, l.kind, l.reason, SUM(l.entries) AS entries, SUM(l.fallen) AS fallen, SUM(l.points) AS points,
    SUM(l.emission_reductions_ng) AS emission_reductions_ng, SUM(l.not_awarded_ng) AS not_awarded_ng, SUM(l.clamped_ng) AS clamped_ng,
    SUM(l.rounding_ng) AS rounding_ng, SUM(l.capped_ng) AS capped_ng
  FROM entry_tally_log AS l
  JOIN segment_start AS s ON l.ledger_version > s.ledger_version
  GROUP BY l.programme, l.vintage, l.period, l.kind, l.reason
) AS t
FULL OUTER JOIN (
  SELECT programme, vintage, period, kind, reason, COUNT(*) AS entries, SUM(points) AS points,
    SUM(CASE WHEN points < 0 AND status = 'provisional' THEN 1 ELSE 0 END) AS surely_fallen, SUM(CASE WHEN points < 0 THEN 1 ELSE 0 END) AS taking,
    SUM(emission_reductions_ng) AS emission_reductions_ng, SUM(not_awarded_ng) AS not_awarded_ng, SUM(clamped_ng) AS clamped_ng,
    SUM(rounding_ng) AS rounding_ng, SUM(capped_ng) AS capped_ng
  FROM segment_ledger_entry
  GROUP BY programme, vintage, period, kind, reason
) AS e ON e.programme = t.programme AND e.vintage = t.vintage AND e.period = t.period AND e.kind = t.kind AND e.reason = t.reason
WHERE t.programme IS NULL OR e.programme IS NULL OR t.entries <> e.entries OR t.fallen NOT BETWEEN e.surely_fallen AND e.taking OR t.points <> e.points
   OR t.emission_reductions_ng <> e.emission_reductions_ng OR t.not_awarded_ng <> e.not_awarded_ng
   OR t.clamped_ng <> e.clamped_ng OR t.rounding_ng <> e.rounding_ng OR t.capped_ng <> e.capped_ng
