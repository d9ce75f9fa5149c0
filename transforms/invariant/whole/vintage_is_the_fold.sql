-- The points of a vintage are the fold of the ledger: one row per vintage that breaks this.
SELECT coalesce(v.vintage, e.vintage) AS vintage, v.points, e.points AS ledger_points
FROM vintage AS v
FULL OUTER JOIN (
  SELECT programme, vintage, SUM(points) AS points, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM segment_ledger_entry
  GROUP BY programme, vintage
) AS e ON e.programme = v.programme AND e.vintage = v.vintage
WHERE coalesce(v.points, 0) <> coalesce(e.points, 0) OR v.vintage IS NULL
   OR coalesce(v.emission_reductions_ng, 0) <> coalesce(e.emission_reductions_ng, 0)
