-- How many charges go where, one row per operator, local day of end, kind and slot: the asked number in proportion to the
-- weights, exact in sum. Charges are numbered from first_no on; first_connector turns the connectors of the pool.
WITH day AS (
  SELECT day_no, date_add_days(a.first_day, day_no) AS day, isodow(date_add_days(a.first_day, day_no)) >= 6 AS is_weekend
  FROM asked AS a, range(a.days) AS d(day_no)
),
weighed AS (
  SELECT o.operator_id, d.day, d.day_no, s.kind, s.slot,
    CAST(o.weight AS BIGINT)
    * CASE s.kind WHEN 'fast' THEN o.fast WHEN 'destination' THEN o.destination
                  WHEN 'overnight' THEN o.overnight ELSE o.evening END
    * CASE WHEN d.is_weekend THEN s.weekend_weight ELSE s.weekday_weight END AS weight
  FROM invented_operator AS o
  CROSS JOIN day AS d
  CROSS JOIN slot AS s
),
running AS (
  SELECT *, sum(weight) OVER (ORDER BY operator_id, day, kind, slot) AS weight_until, sum(weight) OVER () AS weight_of_all
  FROM weighed
),
shared AS (
  SELECT r.*, a.seed_mark, CAST(a.sessions * (r.weight_until - r.weight) // r.weight_of_all AS BIGINT) AS first_no,
    CAST(a.sessions * r.weight_until // r.weight_of_all AS BIGINT) AS next_no
  FROM running AS r
  CROSS JOIN asked AS a
)
SELECT operator_id, day, kind, slot, first_no, next_no - first_no AS charges,
  draw(seed_mark, 100 + day_no * 100 + slot, 1000000007) AS first_connector
FROM shared
ORDER BY operator_id, day, kind, slot
