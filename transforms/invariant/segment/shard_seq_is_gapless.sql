-- Every shard holds every shard_seq once, in the order of seq, from 1 or where it ended before: one row per entry that breaks this.
SELECT n.seq, n.shard, n.shard_seq, n.place
FROM (
  SELECT seq, shard, shard_seq, ROW_NUMBER() OVER (PARTITION BY shard ORDER BY seq) AS place
  FROM segment_ledger_entry
) AS n
LEFT JOIN segment_head AS h ON h.shard = n.shard
WHERE n.shard_seq <> coalesce(h.last_shard_seq, 0) + n.place
