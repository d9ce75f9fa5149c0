-- Batches that the ledger may not be accounted with yet, one row per staged batch.
SELECT b.landing_digest, b.released_from
FROM staged_batch AS b
JOIN reach_from AS f ON b.batch_seq > f.batch_seq
