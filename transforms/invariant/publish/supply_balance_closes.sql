-- What is matched of a supply is there, or is its deficit; what is left is the rest; no more is given than was matched, and all that was
-- matched has a balance: one row per supply and hour that breaks this.
SELECT coalesce(b.supply_id, m.supply_id) AS supply_id, coalesce(b.hour_start, m.hour_start) AS hour_start, b.available_wh, b.matched_wh
FROM supply_balance AS b
FULL OUTER JOIN (
  SELECT supply_id, hour_start, SUM(matched_wh) AS matched_wh FROM energy_match GROUP BY supply_id, hour_start
) AS m ON m.supply_id = b.supply_id AND m.hour_start = b.hour_start
WHERE b.supply_id IS NULL
   OR b.matched_wh + b.left_wh <> b.available_wh + b.deficit_wh
   OR b.left_wh < 0 OR b.deficit_wh < 0 OR (b.left_wh > 0 AND b.deficit_wh > 0)
   OR b.matched_wh > coalesce(m.matched_wh, 0)
