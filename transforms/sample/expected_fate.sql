-- What the rows of the files must meet at landing, one row per party, day, delivery and fate; what comes later is of several days.
SELECT issuer, CASE WHEN delivery <> 'second' THEN day END AS day, CASE delivery WHEN 'second' THEN 2 ELSE 1 END AS delivery, fate,
  CAST(sum(rows_told) AS BIGINT) AS rows, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM told_total
GROUP BY ALL
ORDER BY ALL
