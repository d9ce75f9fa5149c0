-- Sessions that are matched with something told again, one row per session and batch: their supply in that hour, or a certificate of their
-- contract, region and month. A certificate told elsewhere now is missed where it was told before.
WITH matched AS (
  SELECT DISTINCT coalesce(c.holder_id, m.session_id) AS session_id, m.supply_id, m.hour_start, m.contract_id, m.region,
    month_start(local_date(m.hour_start, p.zone)) AS contract_month
  FROM energy_match_log AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
  LEFT JOIN claim_decided AS c ON c.session_id = m.session_id
),
told AS (
  SELECT DISTINCT t.contract_id, t.region, t.production_month, c.batch_seq
  FROM certificate_current AS c
  JOIN certificate AS t ON t.registry = c.registry AND t.serial = c.serial
)
SELECT m.session_id, g.batch_seq
FROM matched AS m
JOIN green_supply_current AS g ON g.supply_id = m.supply_id AND g.hour_start = m.hour_start
WHERE g.batch_seq > (SELECT MIN(batch_seq) FROM watermark)
UNION
SELECT m.session_id, t.batch_seq
FROM matched AS m
JOIN told AS t ON t.contract_id = m.contract_id AND t.region = m.region AND t.production_month = m.contract_month
WHERE t.batch_seq > (SELECT MIN(batch_seq) FROM watermark)
