-- Where control totals are not what was sent, one row, or none in the clean sample: the last operator leaves out its last day, and
-- the first claims five charges and 100 kWh more than it sent, on the first day in the first region of the alphabet.
WITH bound AS (
  SELECT min(operator_id) AS first_operator, max(operator_id) AS last_operator,
    (SELECT min(day) FROM control_total) AS first_day, (SELECT max(day) FROM control_total) AS last_day
  FROM invented_operator
)
SELECT b.last_operator AS left_out_operator, b.last_day AS left_out_day,
  b.first_operator AS overstated_operator, b.first_day AS overstated_day,
  (SELECT min(c.region) FROM control_total AS c WHERE c.issuer = b.first_operator AND c.day = b.first_day) AS overstated_region,
  5 AS sessions, 100000 AS energy_wh
FROM bound AS b
CROSS JOIN asked AS a
WHERE NOT a.is_clean
