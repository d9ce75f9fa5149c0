-- Lineages that may rest on something open which is settled now, one row per lineage: an hour of the mix arrived that they look back at, a
-- deadline of their vintage has passed, or a change of them waits for a decision.
WITH looked_back AS (
  SELECT h.region, date_add_days(local_date(h.from_instant, 'UTC'), -1) AS from_day,
    date_add_days(local_date(h.until_instant, 'UTC'), CAST(int_div(r.fallback_window_h, 24) AS INTEGER) + 2) AS until_day -- 24 hours
  FROM hour_pending AS h
  CROSS JOIN (SELECT MAX(coalesce(fallback_window_h, 0)) AS fallback_window_h FROM methodology_reach) AS r
)
SELECT l.session_id
FROM session_state_log AS l
JOIN looked_back AS h ON h.region = l.region AND l.vintage BETWEEN h.from_day AND h.until_day
WHERE l.provisional_until IS NOT NULL OR l.other_basis_until IS NOT NULL OR l.state = 'awaiting grid'
UNION
SELECT l.session_id
FROM session_state_log AS l
JOIN prior_open AS o ON o.programme = l.programme AND o.vintage = l.vintage
JOIN run_clock AS k ON o.next_deadline <= k.instant
WHERE l.provisional_until IS NOT NULL OR l.other_basis_until IS NOT NULL OR l.state = 'awaiting grid'
UNION
SELECT p.session_id
FROM (
  SELECT session_id, MAX(ledger_version) AS ledger_version
  FROM award_proposal_log
  GROUP BY session_id
) AS p
LEFT JOIN proposal_decided AS d ON d.ledger_version = p.ledger_version
WHERE d.ledger_version IS NULL
