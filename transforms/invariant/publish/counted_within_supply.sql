-- No more of a supply counts than is matched of it, and so no more than there is and its deficit: one row per supply and hour that breaks
-- this. Where a supply was told that its sessions are not accounted with yet, the next accounting of their vintages cuts it.
WITH told AS (
  SELECT s.supply_id, s.hour_start, MAX(b.batch_seq) AS batch_seq
  FROM green_supply_hour AS s
  JOIN staged_batch AS b ON b.landing_digest = s.landing_digest
  CROSS JOIN accounted AS a
  WHERE b.batch_seq <= a.batch_seq
  GROUP BY s.supply_id, s.hour_start
),
known AS (
  SELECT supply_id, hour_start, MIN(batch_seq) AS batch_seq
  FROM match_standing
  WHERE counted_wh > 0
  GROUP BY supply_id, hour_start
)
SELECT b.supply_id, b.hour_start, b.matched_wh, b.counted_wh
FROM supply_balance AS b
JOIN told AS t ON t.supply_id = b.supply_id AND t.hour_start = b.hour_start
JOIN known AS k ON k.supply_id = b.supply_id AND k.hour_start = b.hour_start AND k.batch_seq >= t.batch_seq
WHERE b.counted_wh > b.matched_wh OR b.counted_wh > b.available_wh + b.deficit_wh
