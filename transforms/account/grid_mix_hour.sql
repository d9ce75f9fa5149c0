-- The border: the mix of the hours that this run needs, one row per region-hour and source: hours within the reach of a touched
-- session, and hours that arrived since the last run, on days for which the version is in force.
WITH reach AS (
  SELECT s.region, MIN(epoch_s(s.started_at)) - 3600 * (1 + MAX(r.fallback_window_h)) AS from_s, -- the hour of the start, and those before
    MAX(epoch_s(s.ended_at)) AS until_s
  FROM session AS s
  CROSS JOIN methodology_running AS m
  JOIN methodology_reach AS r ON r.methodology = m.methodology
  GROUP BY s.region
),
last_run AS (SELECT programme, MAX(batch_seq) AS batch_seq FROM watermark GROUP BY programme)
SELECT DISTINCT m.region, m.hour_start, m.source, m.generation_pwh, m.is_estimated
FROM grid_mix_current AS m
LEFT JOIN reach AS r ON r.region = m.region
JOIN programme_region AS g ON g.region = m.region
JOIN programme AS p ON p.programme = g.programme
LEFT JOIN last_run AS l ON l.programme = p.programme
JOIN methodology_in_force AS f ON f.programme = p.programme
JOIN methodology_running AS n ON n.methodology = f.methodology
CROSS JOIN run_scope AS x
WHERE (epoch_s(m.hour_start) > r.from_s AND epoch_s(m.hour_start) < r.until_s)
   OR (m.batch_seq > coalesce(l.batch_seq, 0)
       AND (x.programme IS NULL OR x.programme = p.programme)
       AND local_date(m.hour_start, p.zone) >= f.in_force_from
       AND (f.in_force_until IS NULL OR local_date(m.hour_start, p.zone) < f.in_force_until))
