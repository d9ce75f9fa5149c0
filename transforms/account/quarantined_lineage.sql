-- Lineages with a revision in quarantine, one row per lineage whose key could be read.
SELECT
  o.row_key             AS session_id,
  MAX(b.batch_seq)      AS last_batch_seq,
  MAX(o.rule)           AS rule
FROM row_outcome AS o
JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
WHERE o.relation = 'charging_session' AND o.outcome = 'quarantined' AND o.row_key IS NOT NULL
GROUP BY o.row_key
