-- For every number of hours that a session of this run touches, the offsets 0 .. n-1, one row per number and offset.
SELECT hours_touched, explode(sequence(CAST(0 AS BIGINT), hours_touched - 1)) AS hour_offset
FROM (
  SELECT DISTINCT CAST(int_div(epoch_s(ended_at) - 1, 3600) - int_div(epoch_s(started_at), 3600) + 1 AS BIGINT) AS hours_touched -- s in an hour
  FROM session
) AS spans
