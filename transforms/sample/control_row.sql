-- Control totals in the columns of delivery_control_csv, one row per operator, day and region. On purpose the last operator leaves out its
-- last day, and the first claims five charges and 100 kWh more than it sent, on the first day in the first region of the alphabet.
WITH total AS (
  SELECT c.*, NOT a.is_clean AND c.issuer = min(c.issuer) OVER () AND c.day = min(c.day) OVER () AND c.region = min(c.region) OVER (PARTITION BY c.issuer, c.day)
    AS is_overstated,
    c.day = max(c.day) OVER () AND c.issuer = (SELECT max(operator_id) FROM invented_operator) AND NOT a.is_clean AS is_left_out
  FROM control_total AS c
  CROSS JOIN asked AS a
)
SELECT t.issuer AS operator, CAST(t.day AS VARCHAR) AS day, t.region,
  t.sessions + CASE WHEN t.is_overstated THEN 5 ELSE 0 END AS sessions,
  CASE WHEN coalesce(o.tells_energy_total, true)
       THEN wh_to_kwh_text(t.energy_wh + CASE WHEN t.is_overstated THEN 100000 ELSE 0 END, 3) END AS energy_kwh
FROM total AS t
LEFT JOIN invented_operator AS o ON o.operator_id = t.issuer
WHERE NOT t.is_left_out
ORDER BY t.issuer, t.day, t.region
