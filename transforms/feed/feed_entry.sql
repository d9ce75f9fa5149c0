-- Entries that no segment holds yet, one row per entry, with the shard of its user and its place in that shard's own sequence.
-- The shard is the first 32 bits of the SHA-256 of user_id, modulo the number of shards.
SELECT a.*, h.last_shard_seq + row_number() OVER (PARTITION BY a.shard ORDER BY a.seq) AS shard_seq
FROM (
  SELECT e.*, CAST('0x' || substr(sha256(e.user_id), 1, 8) AS BIGINT) % k.shards AS shard -- 8 hexadecimal digits are 32 bits
  FROM ledger_entry_fresh AS e
  CROSS JOIN feed_known AS k
) AS a
JOIN feed_head AS h ON h.shard = a.shard
ORDER BY a.seq
