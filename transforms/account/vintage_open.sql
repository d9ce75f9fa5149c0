-- What of a vintage rests on something open after this run, one row per programme and vintage of which it is another than before: how many
-- sessions rest on a factor or match that may still change, and an instant before which no deadline of a session of the vintage passes.
WITH newest AS (
  SELECT session_id, programme, vintage, state, reason, provisional_until, other_basis_until FROM session_state
  UNION ALL
  SELECT p.session_id, p.programme, p.vintage, p.state, p.reason, p.provisional_until, p.other_basis_until
  FROM prior_state AS p
  LEFT JOIN session_state AS s ON s.session_id = p.session_id
  WHERE s.session_id IS NULL
),
due AS (
  SELECT o.programme, o.vintage FROM prior_open AS o JOIN run_clock AS k ON o.next_deadline <= k.instant
),
moved AS (
  SELECT p.programme, p.vintage, -1 AS sessions
  FROM prior_state AS p
  JOIN session_state AS s ON s.session_id = p.session_id
  WHERE p.state IN ('awarded', 'awaiting approval', 'not awarded') AND coalesce(p.reason, '') <> 'not enrolled' AND p.provisional_until IS NOT NULL
  UNION ALL
  SELECT programme, vintage, 1
  FROM session_state
  WHERE state IN ('awarded', 'awaiting approval', 'not awarded') AND coalesce(reason, '') <> 'not enrolled' AND provisional_until IS NOT NULL
),
deadline AS (
  SELECT n.programme, n.vintage, n.session_id, n.provisional_until AS instant FROM newest AS n WHERE n.provisional_until IS NOT NULL
  UNION ALL
  SELECT n.programme, n.vintage, n.session_id, n.other_basis_until FROM newest AS n WHERE n.other_basis_until IS NOT NULL
  UNION ALL
  SELECT n.programme, n.vintage, n.session_id, instant_of(epoch_s(s.started_at) + m.missing_hour_deadline_s)
  FROM newest AS n
  JOIN session_scope AS s ON s.session_id = n.session_id
  JOIN methodology_reach AS m ON m.methodology = s.methodology
  WHERE n.state = 'awaiting grid' AND m.missing_hour_deadline_s IS NOT NULL
),
counting AS (
  -- of a vintage of which no deadline has passed, what is not touched has the deadlines that it had
  SELECT d.programme, d.vintage, d.instant
  FROM deadline AS d
  LEFT JOIN due AS u ON u.programme = d.programme AND u.vintage = d.vintage
  LEFT JOIN session_touched AS t ON t.session_id = d.session_id
  WHERE u.programme IS NOT NULL OR t.session_id IS NOT NULL
  UNION ALL
  SELECT o.programme, o.vintage, o.next_deadline
  FROM prior_open AS o
  LEFT JOIN due AS u ON u.programme = o.programme AND u.vintage = o.vintage
  WHERE u.programme IS NULL AND o.next_deadline IS NOT NULL
),
vintage_of AS (
  SELECT programme, vintage FROM prior_open
  UNION
  SELECT programme, vintage FROM session_state WHERE programme IS NOT NULL AND vintage IS NOT NULL
),
standing AS (
  SELECT v.programme, v.vintage,
    CAST(coalesce(MAX(o.open_sessions), 0) + coalesce(MAX(m.sessions), 0) AS BIGINT) AS open_sessions,
    MIN(c.instant)                                                                   AS next_deadline
  FROM vintage_of AS v
  LEFT JOIN prior_open AS o ON o.programme = v.programme AND o.vintage = v.vintage
  LEFT JOIN (SELECT programme, vintage, SUM(sessions) AS sessions FROM moved GROUP BY programme, vintage) AS m
    ON m.programme = v.programme AND m.vintage = v.vintage
  LEFT JOIN counting AS c ON c.programme = v.programme AND c.vintage = v.vintage
  GROUP BY v.programme, v.vintage
)
SELECT programme, vintage, open_sessions, next_deadline FROM standing
EXCEPT
SELECT programme, vintage, open_sessions, next_deadline FROM prior_open
