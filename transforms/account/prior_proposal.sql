-- Changes that wait for a decision, one row per programme, lineage, vintage and user of a lineage that waits: as it was proposed last.
WITH told AS (
  SELECT *, RANK() OVER (PARTITION BY session_id ORDER BY ledger_version DESC) AS place
  FROM award_proposal_log
)
SELECT t.programme, t.session_id, t.vintage, t.user_id, t.posted_points, t.points, t.emission_reductions_ng, t.not_awarded_ng, t.clamped_ng,
  t.rounding_ng, t.capped_ng, t.has_award, t.reason, t.cause, t.input_digest, t.ledger_version
FROM told AS t
JOIN prior_state AS p ON p.session_id = t.session_id AND p.state = 'awaiting approval'
WHERE t.place = 1
