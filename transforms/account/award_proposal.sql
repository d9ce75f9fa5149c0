-- What this run proposes, one row per programme, lineage, vintage and user: changes that are held and were not proposed so before, and with
-- them the rest of every earlier proposal that they touch, which this one supersedes.
WITH fresh AS (
  SELECT programme, session_id, vintage, user_id, points, emission_reductions_ng, not_awarded_ng, clamped_ng, rounding_ng, capped_ng, input_digest
  FROM award_proposed
),
waiting AS (
  SELECT w.programme, w.session_id, w.vintage, w.user_id, w.points, w.emission_reductions_ng, w.not_awarded_ng, w.clamped_ng, w.rounding_ng,
    w.capped_ng, w.input_digest
  FROM prior_proposal AS w
  JOIN session_touched AS t ON t.session_id = w.session_id
),
other AS (
  SELECT session_id FROM (SELECT * FROM fresh EXCEPT SELECT * FROM waiting) AS appeared
  UNION
  SELECT session_id FROM (SELECT * FROM waiting EXCEPT SELECT * FROM fresh) AS vanished
  UNION
  SELECT session_id FROM renewed_session
),
superseded AS (
  SELECT DISTINCT w.ledger_version FROM prior_proposal AS w JOIN other AS o ON o.session_id = w.session_id
),
rest AS (
  SELECT DISTINCT w.session_id FROM prior_proposal AS w JOIN superseded AS s ON s.ledger_version = w.ledger_version
)
SELECT p.*
FROM award_proposed AS p
WHERE p.session_id IN (SELECT session_id FROM other) OR p.session_id IN (SELECT session_id FROM rest)
UNION ALL
SELECT w.programme, w.session_id, w.vintage, w.user_id, w.posted_points, w.points, w.emission_reductions_ng, w.not_awarded_ng, w.clamped_ng,
  w.rounding_ng, w.capped_ng, w.has_award, w.reason, w.cause, w.input_digest
FROM prior_proposal AS w
JOIN rest AS r ON r.session_id = w.session_id
WHERE NOT EXISTS (SELECT 1 FROM session_touched AS t WHERE t.session_id = w.session_id)
