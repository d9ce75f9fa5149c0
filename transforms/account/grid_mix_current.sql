-- The mix as it was told last, one row per region-hour and source. An hour is superseded whole, never source by source.
WITH told AS (
  SELECT
    m.region, m.hour_start, m.source, m.generation_pwh, m.is_estimated, b.batch_seq,
    DENSE_RANK() OVER (PARTITION BY m.region, m.hour_start ORDER BY b.landing_seq DESC, m.row_number DESC) AS place
  FROM grid_mix_hour AS m
  JOIN staged_batch AS b ON b.landing_digest = m.landing_digest
)
SELECT region, hour_start, source, generation_pwh, is_estimated, batch_seq
FROM told
WHERE place = 1
