-- What should have come, one row per issuer, region (empty: all regions together) and vintage: the control total told last, and where
-- no total speaks of the region, the lower median of what came on the same weekday of the earlier weeks in which anything came.
WITH told AS (
  SELECT d.issuer, d.region, d.day AS vintage, d.sessions, d.energy_wh,
    ROW_NUMBER() OVER (PARTITION BY d.issuer, d.region, d.day ORDER BY b.landing_seq DESC, d.row_number DESC) AS place
  FROM delivery_control AS d
  JOIN staged_batch AS b ON b.landing_digest = d.landing_digest
  WHERE d.day IS NOT NULL -- a total of a delivery: short_delivery.sql
),
control AS (SELECT * FROM told WHERE place = 1),
usual AS (
  -- 7 days are a week
  SELECT r.issuer, r.region, date_add_days(r.vintage, 7 * w.weeks) AS vintage, r.received_sessions
  FROM delivery_received AS r
  CROSS JOIN earlier_week AS w
  WHERE r.region IS NOT NULL
),
ranked AS (
  SELECT *,
    ROW_NUMBER() OVER (PARTITION BY issuer, region, vintage ORDER BY received_sessions)  AS place,
    COUNT(*) OVER (PARTITION BY issuer, region, vintage)                                 AS weeks
  FROM usual
)
SELECT issuer, region, vintage, sessions AS expected_sessions, energy_wh AS expected_wh, 'control total' AS basis
FROM control
UNION ALL
SELECT u.issuer, u.region, u.vintage, u.received_sessions, NULL, 'same weekday'
FROM ranked AS u
WHERE u.place = int_div(u.weeks + 1, 2) -- the lower of the two in the middle
  AND NOT EXISTS (SELECT 1 FROM control AS c
                  WHERE c.issuer = u.issuer AND c.vintage = u.vintage AND (c.region IS NULL OR c.region = u.region))
