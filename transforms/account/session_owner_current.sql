-- The owner that was stated last, one row per lineage with an owner.
WITH statement AS (
  SELECT
    o.session_id, o.user_id, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY o.session_id ORDER BY b.landing_seq DESC, o.row_number DESC) AS place
  FROM session_owner AS o
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
)
SELECT session_id, user_id, batch_seq AS last_batch_seq
FROM statement
WHERE place = 1
