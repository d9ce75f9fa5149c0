-- Generation of an hour per thousand of the mean of the same hour of the four weeks before, as files that landed earlier told
-- it last, and the same of all such hours of its region, one row per accepted region-hour of the arriving file of which at least two
-- of these weeks are known. Shares are no generation: an hour told in shares, which sums to 1 MWh, is not compared.
WITH arriving_hour AS (
  SELECT c.region, c.hour_start, max(c.hour_total_pwh) AS total_pwh
  FROM candidate_grid_mix_hour AS c
  JOIN fate AS f ON f.row_number = c.row_number AND f.outcome = 'accepted'
  WHERE NOT coalesce(c.is_share, false)
  GROUP BY c.region, c.hour_start
),
telling AS (
  SELECT m.region, m.hour_start, b.landing_seq, m.row_number,
    sum(CASE WHEN m.generation_pwh > 0 THEN m.generation_pwh ELSE 0 END) AS total_pwh
  FROM grid_mix_hour AS m
  JOIN batch AS b ON b.landing_digest = m.landing_digest AND b.state = 'staged'
  JOIN arriving AS a ON b.landing_seq < a.landing_seq
  GROUP BY m.region, m.hour_start, b.landing_seq, m.row_number
),
earlier_hour AS (
  SELECT region, hour_start, arg_max(total_pwh, (landing_seq, row_number)) AS total_pwh
  FROM telling
  GROUP BY region, hour_start
),
compared AS (
  SELECT a.region, a.hour_start, a.total_pwh, int_div(sum(e.total_pwh), count(*)) AS mean_pwh
  FROM arriving_hour AS a
  CROSS JOIN (SELECT unnest([7, 14, 21, 28]) AS days_before) AS w
  JOIN earlier_hour AS e ON e.region = a.region AND e.hour_start = a.hour_start - to_days(w.days_before)
  WHERE e.total_pwh NOT BETWEEN 999999000000000000 AND 1000001000000000000
  GROUP BY a.region, a.hour_start, a.total_pwh
  HAVING count(*) >= 2
)
SELECT
  region,
  region || ' ' || strftime(hour_start, '%Y-%m-%dT%H:%M:%SZ')                         AS hour,
  CAST(least(int_div(total_pwh * 1000, mean_pwh), 1000000) AS BIGINT)                 AS per_mille,
  CAST(least(int_div(sum(total_pwh) OVER of_region * 1000, sum(mean_pwh) OVER of_region), 1000000) AS BIGINT) AS region_per_mille
FROM compared
WINDOW of_region AS (PARTITION BY region)
ORDER BY per_mille, hour
