-- Touched lineages whose change was rejected and whose inputs are still the rejected ones, one row per lineage.
WITH pin AS (
  SELECT session_id, input_digest, proposal FROM rejected_input
  UNION ALL
  SELECT session_id, input_digest, proposal FROM prior_pin WHERE session_id NOT IN (SELECT session_id FROM rejected_input)
)
SELECT p.session_id, p.input_digest, p.proposal
FROM pin AS p
JOIN lineage_input AS i ON i.session_id = p.session_id AND i.input_digest = p.input_digest
LEFT JOIN released_session AS r ON r.session_id = p.session_id
WHERE r.session_id IS NULL
