-- Energy delivered by hour of the local day, one row per such hour: split in proportion to time, as the versions split it,
-- by floored running totals, so that the rows sum to all energy.
WITH span AS (
  SELECT a.energy_wh, p.zone, epoch_s(s.started_at) AS start_s, epoch_s(s.ended_at) AS end_s
  FROM published.session_assessment AS a
  JOIN programme_in_report AS p ON p.programme = a.programme
  JOIN session_current AS s ON s.session_id = a.session_id
),
touched AS (
  SELECT
    *,
    -- 3600 s are an hour; the end is exclusive
    unnest(range(CAST(int_div(start_s, 3600) AS BIGINT), CAST(int_div(end_s - 1, 3600) AS BIGINT) + 1)) AS hour_number
  FROM span
)
SELECT
  hour(timezone(zone, instant_of(hour_number * 3600))) AS local_hour,
  CAST(SUM(
    int_div(wide(energy_wh) * (LEAST(end_s, (hour_number + 1) * 3600) - start_s), end_s - start_s)
    - int_div(wide(energy_wh) * (GREATEST(start_s, hour_number * 3600) - start_s), end_s - start_s)
  ) AS DECIMAL(38,0))                                  AS energy_wh
FROM touched
GROUP BY local_hour
ORDER BY local_hour
