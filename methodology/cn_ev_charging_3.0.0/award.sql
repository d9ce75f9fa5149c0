-- Integer points and where every nanogram of the reductions went, one row per assessed session with an owner
-- (equations E8 and E9). Rules and caps are the programme's; a rule that is NULL does not apply.
-- Final awards stand first and with what was posted for them; then in order of end and lineage.
WITH candidate AS (
  SELECT
    a.session_id, a.programme, a.vintage, s.user_id, s.ended_at, a.energy_wh, a.emission_reductions_ng,
    s.standing_points, s.standing_energy_wh, r.energy_cap_wh, r.points_cap,
    CASE WHEN s.standing_points IS NULL THEN 1 ELSE 0 END AS standing_order,
    CASE
      WHEN a.energy_wh < r.min_energy_wh OR a.energy_wh > r.max_energy_wh THEN 'energy'
      WHEN epoch_s(s.ended_at) - epoch_s(s.started_at) > r.max_charging_s THEN 'duration'
      -- mean power W = Wh x 3600 / s, held against per mille of the rated power
      WHEN wide(s.reading_wh) * 3600 * 1000
           > wide(s.rated_w) * r.max_power_per_mille * (epoch_s(s.ended_at) - epoch_s(s.started_at)) THEN 'power'
      WHEN epoch_s(s.first_landed_at) - epoch_s(s.ended_at) > r.claim_window_s THEN 'late'
    END                                                   AS not_awarded_reason,
    -- 10^9 ng are a gram, and a gram is a point
    CASE WHEN a.emission_reductions_ng > 0 THEN int_div(a.emission_reductions_ng, 1000000000) ELSE wide(0) END AS whole_points
  FROM session_assessment AS a
  JOIN session AS s ON s.session_id = a.session_id
  JOIN reward_rule AS r ON r.programme = a.programme
  WHERE s.user_id IS NOT NULL
),
within_energy AS (
  SELECT *,
    CASE
      WHEN not_awarded_reason IS NOT NULL THEN wide(0)
      WHEN energy_cap_wh IS NULL THEN whole_points
      WHEN SUM(CASE WHEN not_awarded_reason IS NULL THEN wide(coalesce(standing_energy_wh, energy_wh)) ELSE wide(0) END)
           OVER (PARTITION BY programme, user_id, vintage ORDER BY standing_order, ended_at, session_id
                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) <= energy_cap_wh THEN whole_points
      ELSE wide(0)
    END AS points_within_energy
  FROM candidate
),
earlier AS (
  SELECT *,
    coalesce(SUM(coalesce(wide(standing_points), points_within_energy))
             OVER (PARTITION BY programme, user_id, vintage ORDER BY standing_order, ended_at, session_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), wide(0)) AS points_before
  FROM within_energy
),
awarded AS (
  SELECT *,
    CASE WHEN points_cap IS NULL THEN points_within_energy
         ELSE LEAST(points_within_energy, GREATEST(points_cap - points_before, wide(0))) END AS points
  FROM earlier
)
SELECT
  session_id,
  programme,
  vintage,
  user_id,
  CAST(points AS BIGINT)                                                                               AS points,
  CAST(emission_reductions_ng AS DECIMAL(38,0))                                                        AS emission_reductions_ng,
  CAST(CASE WHEN not_awarded_reason IS NULL THEN wide(0) ELSE wide(emission_reductions_ng) END AS DECIMAL(38,0)) AS not_awarded_ng,
  CAST(CASE WHEN not_awarded_reason IS NULL AND emission_reductions_ng < 0 THEN wide(emission_reductions_ng)
            ELSE wide(0) END AS DECIMAL(38,0))                                                         AS clamped_ng,
  CAST(CASE WHEN not_awarded_reason IS NULL AND emission_reductions_ng > 0
            THEN wide(emission_reductions_ng) - whole_points * 1000000000 ELSE wide(0) END AS DECIMAL(38,0)) AS rounding_ng,
  CAST(CASE WHEN not_awarded_reason IS NULL THEN (whole_points - points) * 1000000000
            ELSE wide(0) END AS DECIMAL(38,0))                                                         AS capped_ng,
  not_awarded_reason
FROM awarded
