-- All entries of a user are in one shard: one row per user that breaks this.
SELECT user_id, COUNT(DISTINCT shard) AS shards
FROM segment_ledger_entry
GROUP BY user_id
HAVING COUNT(DISTINCT shard) > 1
