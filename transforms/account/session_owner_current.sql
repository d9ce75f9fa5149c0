-- The owner that holds, one row per lineage with an owner: that of the latest revision that states one, else the last landed.
WITH statement AS (
  SELECT
    o.session_id, o.user_id, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY o.session_id ORDER BY c.revised_at DESC NULLS LAST, b.landing_seq DESC, o.row_number DESC) AS place
  FROM session_owner AS o
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
  LEFT JOIN charging_session AS c ON c.landing_digest = o.landing_digest AND c.row_number = o.row_number
)
SELECT session_id, user_id, batch_seq AS last_batch_seq
FROM statement
WHERE place = 1
