-- Region-hours of which the mix arrived with pending batches, as spans, one row per region and unbroken span of hours.
WITH arrived AS (
  SELECT DISTINCT m.region, epoch_s(m.hour_start) AS from_s
  FROM grid_mix_hour AS m
  JOIN batch_pending AS b ON b.landing_digest = m.landing_digest
),
placed AS (
  SELECT region, from_s, from_s - 3600 * ROW_NUMBER() OVER (PARTITION BY region ORDER BY from_s) AS span -- 3600 s are an hour
  FROM arrived
)
SELECT region, instant_of(MIN(from_s)) AS from_instant, instant_of(MAX(from_s) + 3600) AS until_instant
FROM placed
GROUP BY region, span
