-- Where a lineage belongs now and where it stood in the ledger, one row per lineage that was ever told, in quarantine too.
SELECT
  coalesce(s.session_id, q.session_id)                                       AS session_id,
  coalesce(s.programme, '-')                                                 AS programme,
  s.vintage, s.region, s.started_at, s.ended_at, s.user_id,
  GREATEST(coalesce(s.last_batch_seq, 0), coalesce(q.last_batch_seq, 0))     AS last_batch_seq,
  p.programme AS prior_programme, p.vintage AS prior_vintage, p.user_id AS prior_user_id,
  p.state AS prior_state, p.provisional_until, p.other_basis_until, s.methodology
FROM session_scope AS s
FULL OUTER JOIN quarantined_lineage AS q ON q.session_id = s.session_id
LEFT JOIN prior_state AS p ON p.session_id = coalesce(s.session_id, q.session_id)
