-- Control totals in the columns of delivery_control_csv, one row per operator, day and region, with the declared deviations.
WITH total AS ( -- the aggregator tells of several operators
  SELECT issuer, day, region, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
  FROM control_total
  GROUP BY ALL
)
SELECT t.issuer AS operator, CAST(t.day AS VARCHAR) AS day, t.region,
  t.sessions + coalesce(v.sessions, 0) AS sessions,
  CASE WHEN coalesce(o.tells_energy_total, true) THEN wh_to_kwh_text(t.energy_wh + coalesce(v.energy_wh, 0), 3) END AS energy_kwh
FROM total AS t
LEFT JOIN invented_operator AS o ON o.operator_id = t.issuer
LEFT JOIN control_deviation AS v
  ON v.overstated_operator = t.issuer AND v.overstated_day = t.day AND v.overstated_region = t.region
LEFT JOIN control_deviation AS l ON l.left_out_operator = t.issuer AND l.left_out_day = t.day
WHERE l.left_out_operator IS NULL
ORDER BY t.issuer, t.day, t.region
