-- Tellings of one charge by two parties, one row per lineage and rival that stands before it: same connector, other issuer, starts
-- as near and energy as like the rival's as data_contracts/reference/claim_rule.csv says. A final award stands first, then the operator's own record, then the
-- smaller lineage key.
WITH shared AS (
  SELECT connector FROM connector_session GROUP BY connector HAVING COUNT(DISTINCT issuer) > 1
),
told AS (
  SELECT c.*, epoch_s(c.started_at) AS start_s, int_div(epoch_s(c.started_at), q.start_within_s) AS slot,
    CASE WHEN c.has_final_award THEN 0 ELSE 1 END AS final_order,
    CASE WHEN c.is_operators_own THEN 0 ELSE 1 END AS own_order
  FROM connector_session AS c
  JOIN shared AS h ON h.connector = c.connector
  CROSS JOIN claim_rule AS q
),
near AS (
  SELECT session_id, slot - 1 AS slot FROM told
  UNION ALL
  SELECT session_id, slot FROM told
  UNION ALL
  SELECT session_id, slot + 1 FROM told
)
SELECT l.session_id, r.session_id AS rival_id
FROM near AS n
JOIN told AS l ON l.session_id = n.session_id
JOIN told AS r ON r.slot = n.slot AND r.connector = l.connector AND r.issuer <> l.issuer
CROSS JOIN claim_rule AS q
WHERE r.start_s - l.start_s BETWEEN -q.start_within_s AND q.start_within_s
  AND (wide(r.reading_wh) - l.reading_wh) * 1000 -- 1000 per mille
      BETWEEN -wide(r.reading_wh) * q.energy_within_per_mille AND wide(r.reading_wh) * q.energy_within_per_mille
  AND NOT (l.has_final_award AND r.has_final_award)
  AND (r.final_order < l.final_order
       OR (r.final_order = l.final_order AND r.own_order < l.own_order)
       OR (r.final_order = l.final_order AND r.own_order = l.own_order AND r.session_id < l.session_id))
