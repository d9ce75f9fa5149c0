-- Finality after this run, one row per programme and vintage that the run covers: final when the correction window has passed
-- by the run's clock and nothing that it has posted rests on an open hour, and final for ever.
WITH covered AS (
  SELECT s.programme, s.vintage
  FROM session_scope AS s
  JOIN session_touched AS t ON t.session_id = s.session_id
  WHERE s.programme IS NOT NULL
  UNION
  SELECT p.programme, p.vintage
  FROM prior_vintage AS p
  CROSS JOIN run_scope AS x
  WHERE p.state <> 'final'
    AND (x.programme IS NULL OR x.programme = p.programme)
    AND (x.vintage_from IS NULL OR p.vintage BETWEEN x.vintage_from AND x.vintage_until)
),
resting AS (
  SELECT w.programme, w.vintage
  FROM session_award AS w
  JOIN session_assessment AS a ON a.session_id = w.session_id
  WHERE a.provisional_until IS NOT NULL
  UNION
  SELECT o.programme, o.vintage
  FROM prior_open AS o
  LEFT JOIN (
    SELECT p.programme, p.vintage, COUNT(*) AS sessions
    FROM prior_state AS p
    JOIN session_touched AS t ON t.session_id = p.session_id
    WHERE p.state IN ('awarded', 'awaiting approval', 'not awarded') AND coalesce(p.reason, '') <> 'not enrolled'
      AND p.provisional_until IS NOT NULL
    GROUP BY p.programme, p.vintage
  ) AS t ON t.programme = o.programme AND t.vintage = o.vintage
  WHERE o.open_sessions > coalesce(t.sessions, 0)
),
judged AS (
  SELECT c.programme, c.vintage, v.state AS prior_state, v.final_since_seq AS prior_seq,
    CASE WHEN v.state = 'final'
           OR (r.programme IS NULL
               AND epoch_s(k.instant) >= epoch_s(day_start(date_add_days(c.vintage, 1), p.zone)) + p.correction_window_s)
         THEN 'final' ELSE 'provisional' END AS state
  FROM covered AS c
  JOIN programme AS p ON p.programme = c.programme
  CROSS JOIN run_clock AS k
  LEFT JOIN prior_vintage AS v ON v.programme = c.programme AND v.vintage = c.vintage
  LEFT JOIN resting AS r ON r.programme = c.programme AND r.vintage = c.vintage
)
SELECT programme, vintage, state, prior_state, prior_seq
FROM judged
