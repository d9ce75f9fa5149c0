-- What was told of one operator and day, one row per party, delivery, defect and fate of its rows, with the energy that can be
-- read.
SELECT issuer, operator_id, day, delivery, CASE WHEN is_marked THEN told_as ELSE 'none' END AS defect, fate,
  count(*)                                                                        AS rows_told,
  count(DISTINCT order_number) FILTER (WHERE is_marked)                           AS orders,
  CAST(coalesce(sum(energy_wh) FILTER (WHERE how <> 'energy_text'), 0) AS BIGINT) AS energy_wh
FROM telling
GROUP BY ALL
