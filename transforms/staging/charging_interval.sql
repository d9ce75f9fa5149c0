-- The intervals that a source tells (told_fwh), made to hold, one row per interval of a session whose intervals lie inside its
-- charging window, are disjoint and nowhere negative: scaled to its reading by largest remainder, ties to the earlier. A session
-- whose intervals do not counts as a total only. An interval without energy is a gap.
WITH told AS (
  SELECT i.row_number, i.session_id, i.started_at, i.ended_at, i.told_fwh, s.reading_wh,
    i.told_fwh > 0 AND i.ended_at > i.started_at AND i.started_at >= s.started_at AND i.ended_at <= s.ended_at
      AND coalesce(i.started_at >= lag(i.ended_at) OVER (PARTITION BY i.row_number ORDER BY i.started_at), true) AS is_sound
  FROM candidate_charging_interval AS i
  JOIN candidate_charging_session AS s ON s.row_number = i.row_number
  WHERE i.told_fwh IS DISTINCT FROM 0
),
sound AS (
  SELECT row_number, CAST(sum(told_fwh) AS HUGEINT) AS sum_fwh
  FROM told
  -- A reading beyond 10^9 Wh is none; below it no product leaves 128 bits.
  WHERE reading_wh BETWEEN 0 AND 1000000000
  GROUP BY row_number
  HAVING bool_and(coalesce(is_sound, false))
),
floored AS (
  SELECT t.*, int_div(wide(t.told_fwh) * t.reading_wh, s.sum_fwh) AS floor_wh,
    wide(t.told_fwh) * t.reading_wh - int_div(wide(t.told_fwh) * t.reading_wh, s.sum_fwh) * s.sum_fwh AS remainder
  FROM told AS t
  JOIN sound AS s ON s.row_number = t.row_number
),
ranked AS (
  SELECT *,
    reading_wh - sum(floor_wh) OVER (PARTITION BY row_number) AS missing_wh,
    row_number() OVER (PARTITION BY row_number ORDER BY remainder DESC, started_at) AS turn
  FROM floored
)
SELECT
  row_number,
  session_id,
  row_number() OVER (PARTITION BY row_number ORDER BY started_at)                 AS interval_no,
  started_at,
  ended_at,
  CAST(floor_wh + CASE WHEN turn <= missing_wh THEN 1 ELSE 0 END AS BIGINT)       AS reading_wh
FROM ranked
