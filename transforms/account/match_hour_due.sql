-- Hours to be matched now, one row per region-hour with a metered interval of a touched session of the running version: its match
-- close has passed by the run's clock, and no accounting has matched it before.
WITH metered AS (
  SELECT DISTINCT s.region, r.match_close_s,
    CAST(int_div(epoch_s(i.started_at), 3600) AS BIGINT) AS first_hour, -- 3600 s are an hour
    CAST(int_div(epoch_s(i.ended_at) - 1, 3600) AS BIGINT) AS last_hour -- the end is exclusive
  FROM session_scope AS s
  JOIN session_touched AS t ON t.session_id = s.session_id
  JOIN methodology_running AS m ON m.methodology = s.methodology
  JOIN match_rule AS r ON r.programme = s.programme
  JOIN charging_interval AS i ON i.landing_digest = s.landing_digest AND i.row_number = s.row_number
  WHERE epoch_s(i.ended_at) - epoch_s(i.started_at) <= 3600
),
touched AS (
  -- an interval of at most an hour touches at most two
  SELECT region, match_close_s, first_hour AS hour_number FROM metered
  UNION
  SELECT region, match_close_s, last_hour FROM metered
)
SELECT t.region, instant_of(t.hour_number * 3600) AS hour_start
FROM touched AS t
CROSS JOIN run_clock AS k
LEFT JOIN match_hour_log AS l ON l.region = t.region AND epoch_s(l.hour_start) = t.hour_number * 3600
WHERE (t.hour_number + 1) * 3600 + t.match_close_s <= epoch_s(k.instant) AND l.region IS NULL
