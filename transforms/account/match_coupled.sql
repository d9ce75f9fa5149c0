-- Sessions that new matches unsettle, one row per session that is not touched: of a contract and month of which more is matched now they
-- were settled, by certificates or by the deadline, for less. What is final stands.
WITH month_of AS (
  SELECT m.session_id, m.contract_id, m.is_new, month_start(local_date(m.hour_start, p.zone)) AS contract_month
  FROM (
    SELECT session_id, contract_id, region, hour_start, false AS is_new FROM energy_match_log
    UNION ALL
    SELECT session_id, contract_id, region, hour_start, true FROM energy_match
  ) AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
  WHERE m.contract_id IS NOT NULL
),
grown AS (SELECT DISTINCT contract_id, contract_month FROM month_of WHERE is_new)
SELECT DISTINCT q.session_id
FROM month_of AS m
JOIN grown AS g ON g.contract_id = m.contract_id AND g.contract_month = m.contract_month
LEFT JOIN claim_decided AS c ON c.session_id = m.session_id
JOIN prior_state AS q ON q.session_id = coalesce(c.holder_id, m.session_id) AND q.provisional_until IS NULL
LEFT JOIN prior_vintage AS v ON v.programme = q.programme AND v.vintage = q.vintage
WHERE v.state IS DISTINCT FROM 'final'
  AND NOT EXISTS (SELECT 1 FROM session_touched AS t WHERE t.session_id = q.session_id)
