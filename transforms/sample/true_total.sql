-- What one operator and day truly was, one row per standing of its charges: what every run on the sample must end with.
WITH standing AS (
  SELECT c.energy_wh,
    CASE c.told_as WHEN 'no_owner' THEN 'awaiting owner' WHEN 'unknown_station' THEN 'awaiting station'
         ELSE CASE WHEN NOT a.is_clean AND enrolment_standing(c.account_no, a.seed_mark) < 3 THEN 'outside enrolment'
                   ELSE 'sound' END END AS standing
  FROM charge AS c
  CROSS JOIN asked AS a
)
SELECT standing, count(*) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM standing
GROUP BY standing
