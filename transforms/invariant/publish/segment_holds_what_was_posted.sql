-- The new segments hold the entries that were posted since, and no others: one row per entry that breaks this.
WITH held AS (
  SELECT g.*
  FROM segment_ledger_entry AS g
  JOIN published_before AS b ON g.seq > b.last_seq
)
SELECT seq FROM (SELECT * FROM held EXCEPT SELECT * FROM feed_entry) AS strange
UNION ALL
SELECT seq FROM (SELECT * FROM feed_entry EXCEPT SELECT * FROM held) AS missing
