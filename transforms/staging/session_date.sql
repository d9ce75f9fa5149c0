-- How the dates of a batch of sessions hang together, one row per batch: a file whose day and month were exchanged contradicts itself.
-- Its own period is told by the dates that cannot be read the other way round, those after the twelfth: from twelve days before the
-- first to twelve days after the last. Dates are those of the source's zone, of UTC where it has none.
WITH dated AS (
  SELECT s.row_number, c.rule IS NULL AS is_sound, timezone(z.zone, s.started_at) AS started, timezone(z.zone, s.ended_at) AS ended
  FROM candidate_charging_session AS s
  JOIN candidate_row AS c USING (row_number)
  CROSS JOIN (
    SELECT coalesce(max(n.name), 'UTC') AS zone FROM source_constant AS k JOIN pg_timezone_names() AS n ON n.name = k.zone
  ) AS z
  WHERE s.started_at IS NOT NULL
),
own_period AS (
  SELECT CAST(min(started) AS DATE) - 12 AS first_day, CAST(max(started) AS DATE) + 12 AS last_day
  FROM dated
  WHERE is_sound AND day(started) > 12
),
held AS (
  SELECT d.*, day_month_exchanged(d.started) AS started_other, day_month_exchanged(d.ended) AS ended_other,
    CAST(d.started AS DATE) NOT BETWEEN p.first_day AND p.last_day AS is_outside,
    CAST(day_month_exchanged(d.started) AS DATE) BETWEEN p.first_day AND p.last_day AS is_other_inside,
    d.ended < d.started OR d.ended > d.started + INTERVAL 7 DAY AS is_no_charge
  FROM dated AS d
  CROSS JOIN own_period AS p
),
stray AS (
  -- Exchanged dates lie in many months, and nearly all outside come back; what is sent again of an earlier day does neither.
  SELECT coalesce(count(*) FILTER (WHERE is_other_inside) * 10 >= count(*) * 9 AND count(DISTINCT month(started)) >= 3, false) AS is_told
  FROM held
  WHERE is_outside
),
judged AS (
  SELECT h.*, (s.is_told AND is_outside AND is_other_inside)
    OR (is_no_charge AND (started_other BETWEEN ended - INTERVAL 1 DAY AND ended
                          OR ended_other BETWEEN started AND started + INTERVAL 1 DAY
                          OR ended_other BETWEEN started_other AND started_other + INTERVAL 1 DAY)) AS is_exchanged
  FROM held AS h
  CROSS JOIN stray AS s
)
SELECT
  count(*)                                                                                                   AS sessions_dated,
  CAST(div_up(count(*) FILTER (WHERE ended < started) * 1000, greatest(count(*), 1)) AS BIGINT)              AS end_before_start_per_mille,
  CAST(div_up(count(*) FILTER (WHERE is_outside) * 1000, greatest(count(*), 1)) AS BIGINT)                   AS outside_own_period_per_mille,
  CAST(div_up(count(*) FILTER (WHERE day(started) <= 12) * 1000, greatest(count(*), 1)) AS BIGINT)           AS to_twelfth_per_mille,
  CAST(div_up(count(*) FILTER (WHERE is_exchanged) * 1000, greatest(count(*), 1)) AS BIGINT)                 AS exchanged_per_mille
FROM judged
