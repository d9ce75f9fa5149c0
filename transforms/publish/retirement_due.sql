-- Until when certificates may be retired, one row per region and month that a certificate or a match is of: the latest that a version in
-- force in the month allows, with the day from which a certificate of the month is no longer valid, and the zone of the programme.
WITH month_of AS (
  SELECT region, production_month AS contract_month FROM certificate
  UNION
  SELECT region, contract_month FROM match_standing WHERE contract_id IS NOT NULL
)
SELECT m.region, m.contract_month, p.zone,
  MAX(instant_of(epoch_s(day_start(next_month(m.contract_month), p.zone)) + h.retirement_deadline_s)) AS retirement_due,
  MAX(date_add_months(m.contract_month, h.certificate_valid_months + 1))                              AS valid_before -- from the month's end
FROM month_of AS m
JOIN programme_region AS r ON r.region = m.region
JOIN programme AS p ON p.programme = r.programme
LEFT JOIN methodology_in_force AS f
  ON f.programme = p.programme AND f.in_force_from < next_month(m.contract_month)
  AND (f.in_force_until IS NULL OR f.in_force_until > m.contract_month)
LEFT JOIN methodology_reach AS h ON h.methodology = f.methodology
GROUP BY m.region, m.contract_month, p.zone
