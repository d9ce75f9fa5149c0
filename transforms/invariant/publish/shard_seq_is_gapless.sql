-- Every shard holds shard_seq 1, 2, 3 … once each, in the order of seq: one row per entry that breaks this.
SELECT seq, shard, shard_seq, place
FROM (
  SELECT seq, shard, shard_seq, ROW_NUMBER() OVER (PARTITION BY shard ORDER BY seq) AS place
  FROM segment_ledger_entry
) AS numbered
WHERE shard_seq <> place
