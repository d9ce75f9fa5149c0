-- Sessions that new matches unsettle, one row per session that is not touched: of a contract and month of which more is matched now, a match
-- of theirs was settled, by certificates or by the deadline, for less, whatever else of theirs is open. What is final stands.
WITH grown AS (
  SELECT DISTINCT m.contract_id, month_start(local_date(m.hour_start, p.zone)) AS contract_month
  FROM energy_match AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
  WHERE m.contract_id IS NOT NULL
),
settled AS (
  SELECT DISTINCT m.session_id, m.contract_id, month_start(local_date(m.hour_start, p.zone)) AS contract_month
  FROM prior_match AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
  WHERE m.contract_id IS NOT NULL AND m.provisional_until IS NULL AND m.counted_wh > 0
)
SELECT DISTINCT s.session_id
FROM settled AS s
JOIN grown AS g ON g.contract_id = s.contract_id AND g.contract_month = s.contract_month
JOIN prior_state AS q ON q.session_id = s.session_id
LEFT JOIN prior_vintage AS v ON v.programme = q.programme AND v.vintage = q.vintage
WHERE v.state IS DISTINCT FROM 'final'
  AND NOT EXISTS (SELECT 1 FROM session_touched AS t WHERE t.session_id = s.session_id)
