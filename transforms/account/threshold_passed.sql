-- Vintages of which changes pass a threshold of the programme, one row per programme and vintage, with every threshold passed and its figures.
WITH measured AS (
  SELECT c.*, r.points_per_mille, r.users_per_mille, r.vintage_age_s, r.vintage_age_days,
    epoch_s(k.instant) - epoch_s(day_start(date_add_days(c.vintage, 1), p.zone)) AS age_s
  FROM vintage_change AS c
  JOIN approval_rule AS r ON r.programme = c.programme
  JOIN programme AS p ON p.programme = c.programme
  CROSS JOIN run_clock AS k
),
judged AS (
  SELECT programme, vintage,
    -- 1000 per mille
    CASE WHEN wide(changed_points) * 1000 > wide(points) * points_per_mille
         THEN CAST(changed_points AS STRING) || ' of ' || CAST(points AS STRING) || ' points of the vintage would change: over '
              || CAST(points_per_mille AS STRING) || ' per mille' END AS of_points,
    CASE WHEN wide(changed_users) * 1000 > wide(users) * users_per_mille -- 1000 per mille
         THEN CAST(changed_users AS STRING) || ' of ' || CAST(users AS STRING) || ' users of the vintage are affected: over '
              || CAST(users_per_mille AS STRING) || ' per mille' END AS of_users,
    CASE WHEN age_s > vintage_age_s THEN 'the vintage ended over ' || CAST(vintage_age_days AS STRING) || ' days ago' END AS of_age
  FROM measured
)
SELECT programme, vintage, concat_ws('; ', of_points, of_users, of_age) AS cause
FROM judged
WHERE of_points IS NOT NULL OR of_users IS NOT NULL OR of_age IS NOT NULL
