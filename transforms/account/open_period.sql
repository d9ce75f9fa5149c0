-- The earliest month that is open, one row per programme that has closed one: the month after the last closed.
SELECT programme,
  substr(CAST(next_month(CAST(MAX(period) || '-01' AS DATE)) AS STRING), 1, 7) AS first_open -- 7 letters: YYYY-MM
FROM period_closed
GROUP BY programme
