-- Lineages that may rest on something open which is settled now, one row per lineage: an hour of the mix arrived that they look back at, a
-- deadline of their vintage has passed, a change of them waits for a decision, or was rejected.
WITH reach AS (
  SELECT CAST(int_div(MAX(coalesce(fallback_window_h, 0)), 24) AS INTEGER) + 2 AS days FROM methodology_reach -- 24 hours are a day
),
looked_back AS (
  -- a charge ends in whatever vintage after the hour: in one near it, or in one that still has a deadline
  SELECT DISTINCT h.region, o.programme, o.vintage
  FROM hour_pending AS h
  CROSS JOIN reach AS r
  JOIN prior_open AS o ON o.vintage >= date_add_days(local_date(h.from_instant, 'UTC'), -1)
  WHERE o.next_deadline IS NOT NULL OR o.vintage <= date_add_days(local_date(h.until_instant, 'UTC'), r.days)
),
due AS (
  SELECT o.programme, o.vintage FROM prior_open AS o JOIN run_clock AS k ON o.next_deadline <= k.instant
)
SELECT l.session_id
FROM session_state_log AS l
JOIN looked_back AS h ON h.region = l.region AND h.programme = l.programme AND h.vintage = l.vintage
WHERE l.provisional_until IS NOT NULL OR l.other_basis_until IS NOT NULL OR l.state = 'awaiting grid'
UNION
SELECT l.session_id
FROM session_state_log AS l
JOIN due AS d ON d.programme = l.programme AND d.vintage = l.vintage
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
UNION
SELECT session_id
FROM award_pin_log
