-- Lineages with a revision that is or was in quarantine, one row per lineage whose key could be read. A release gives a row
-- another fate; the last one counts. rule is NULL where none of its rows waits any more.
WITH judged AS (
  SELECT o.row_key, o.outcome, o.rule, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY coalesce(b.released_from, b.landing_digest), o.row_number ORDER BY b.batch_seq DESC) AS place
  FROM row_outcome AS o
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
  WHERE o.relation = 'charging_session' AND (o.outcome = 'quarantined' OR b.released_from IS NOT NULL)
)
SELECT
  row_key                                                              AS session_id,
  MAX(batch_seq)                                                       AS last_batch_seq,
  MAX(CASE WHEN place = 1 AND outcome = 'quarantined' THEN rule END)   AS rule
FROM judged
WHERE row_key IS NOT NULL
GROUP BY row_key
