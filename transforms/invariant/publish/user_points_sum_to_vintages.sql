-- What users hold is what vintages hold, per programme, and what of it is final: one row per programme that breaks this.
SELECT coalesce(u.programme, v.programme) AS programme, u.points, v.points AS vintage_points
FROM (
  SELECT programme, SUM(points) AS points, SUM(final_points) AS final_points, SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM user_points
  GROUP BY programme
) AS u
FULL OUTER JOIN (
  SELECT programme, SUM(points) AS points, SUM(CASE WHEN state = 'final' THEN points ELSE 0 END) AS final_points,
    SUM(emission_reductions_ng) AS emission_reductions_ng
  FROM vintage
  GROUP BY programme
) AS v ON v.programme = u.programme
WHERE coalesce(u.points, 0) <> coalesce(v.points, 0) OR coalesce(u.final_points, 0) <> coalesce(v.final_points, 0)
   OR coalesce(u.emission_reductions_ng, 0) <> coalesce(v.emission_reductions_ng, 0)
