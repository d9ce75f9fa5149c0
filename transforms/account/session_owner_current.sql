-- The owner that holds, one row per lineage with an owner. A statement about the session itself stands before one about its token;
-- of statements about the session one that came by itself stands before what its revisions say, and then the latest.
WITH of_session AS (
  SELECT
    o.session_id, o.user_id, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY o.session_id
                       ORDER BY CASE WHEN c.session_id IS NULL THEN 0 ELSE 1 END, c.revised_at DESC NULLS LAST,
                                b.landing_seq DESC, o.row_number DESC) AS place
  FROM session_owner AS o
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
  LEFT JOIN charging_session AS c ON c.landing_digest = o.landing_digest AND c.row_number = o.row_number
  WHERE o.session_id IS NOT NULL
),
of_token AS (
  SELECT
    s.session_id, o.user_id, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY s.session_id
                       ORDER BY o.known_since DESC NULLS LAST, b.landing_seq DESC, o.row_number DESC) AS place
  FROM session_current AS s
  JOIN session_owner AS o ON o.token_id = s.token_id AND (o.known_since IS NULL OR o.known_since <= s.started_at)
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
)
SELECT session_id, user_id, batch_seq AS last_batch_seq
FROM of_session
WHERE place = 1
UNION ALL
SELECT t.session_id, t.user_id, t.batch_seq
FROM of_token AS t
WHERE t.place = 1 AND NOT EXISTS (SELECT 1 FROM of_session AS o WHERE o.session_id = t.session_id)
