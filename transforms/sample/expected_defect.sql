-- The defects that were written, one row per defect: the rows that show it, the orders they tell of, their fate at landing, and
-- the state of these orders in the end.
SELECT d.defect, d.says, t.fate, d.state, CAST(sum(t.rows_told) AS BIGINT) AS rows, CAST(sum(t.orders) AS BIGINT) AS orders,
  CAST(sum(t.energy_wh) AS BIGINT) AS energy_wh
FROM defect AS d
JOIN told_total AS t ON t.defect = d.defect
GROUP BY ALL
ORDER BY d.defect
