-- Pins that this run sets or takes away, one row per lineage: set by a rejection, taken away (without a digest) when what the award rests on
-- is no longer what was rejected.
SELECT k.session_id, k.input_digest, k.proposal
FROM session_pinned AS k
JOIN rejected_input AS j ON j.session_id = k.session_id
UNION ALL
SELECT p.session_id, CAST(NULL AS STRING) AS input_digest, p.proposal
FROM prior_pin AS p
JOIN session_touched AS t ON t.session_id = p.session_id
WHERE NOT EXISTS (SELECT 1 FROM session_pinned AS k WHERE k.session_id = p.session_id)
