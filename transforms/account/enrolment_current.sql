-- The enrolments that hold, one row per account, programme and start: the telling that landed last.
WITH told AS (
  SELECT e.*, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY e.user_id, e.programme, e.enrolled_from ORDER BY b.landing_seq DESC, e.row_number DESC) AS place
  FROM enrolment AS e
  JOIN staged_batch AS b ON b.landing_digest = e.landing_digest
)
SELECT user_id, programme, enrolled_from, enrolled_until, batch_seq
FROM told
WHERE place = 1
