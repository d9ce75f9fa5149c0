-- What became of a landed file, one row per batch, and one per file that was landed and not staged. A refusal is settled
-- where the same file was staged afterwards, under a mended definition. A release is a batch of its file too.
WITH staged AS (SELECT DISTINCT landing_digest FROM batch WHERE state = 'staged')
SELECT
  b.batch_seq,
  f.file_name,
  f.source,
  f.landed_at,
  f.landing_digest,
  CASE
    WHEN b.state IS NULL THEN 'landed only'
    WHEN b.state = 'refused' AND s.landing_digest IS NOT NULL THEN 'refused, later staged'
    WHEN b.released_from IS NOT NULL THEN 'released'
    ELSE b.state
  END                                                                                      AS state,
  b.refusal,
  b.rows_received, b.rows_accepted, b.rows_quarantined, b.rows_duplicate, b.rows_superseded,
  b.rows_received = b.rows_accepted + b.rows_quarantined + b.rows_duplicate + b.rows_superseded AS rows_close,
  b.received_wh,
  b.received_wh = b.accepted_wh + b.quarantined_wh + b.duplicate_wh + b.superseded_wh      AS energy_closes,
  b.validation
FROM landing_file AS f
LEFT JOIN batch AS b ON coalesce(b.released_from, b.landing_digest) = f.landing_digest
LEFT JOIN staged AS s ON s.landing_digest = f.landing_digest
ORDER BY b.batch_seq DESC NULLS FIRST, f.landing_seq DESC
