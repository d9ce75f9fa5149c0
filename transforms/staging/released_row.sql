-- What a release changes, one row per row taken up that has another fate now, or other rules.
-- A restatement that every later file has already taken back (told_since) would, accepted now, undo them: it stays.
WITH told_since AS (
  SELECT o.row_key
  FROM row_outcome AS o
  JOIN batch AS b ON b.landing_digest = o.landing_digest AND b.state = 'staged'
  CROSS JOIN duplicate_policy AS p
  WHERE NOT p.compares_all AND o.relation = p.relation AND b.landing_seq > p.landing_seq AND o.outcome <> 'quarantined'
  GROUP BY o.row_key
  HAVING bool_and(o.outcome = 'duplicate')
),
judged AS (
  SELECT f.* REPLACE (
    CASE WHEN f.outcome = 'accepted' AND t.row_key IS NOT NULL THEN 'quarantined' ELSE f.outcome END AS outcome,
    CASE WHEN f.outcome = 'accepted' AND t.row_key IS NOT NULL THEN 'told_since' ELSE f.rule END     AS rule,
    CASE WHEN f.outcome = 'accepted' AND t.row_key IS NOT NULL THEN 'told_since' ELSE f.rules END    AS rules
  )
  FROM fate AS f
  LEFT JOIN told_since AS t ON t.row_key = f.row_key
)
SELECT j.*
FROM judged AS j
JOIN release AS r ON true
JOIN quarantined_row AS w ON w.file_digest = r.file_digest AND w.row_number = j.row_number AND w.is_waiting
WHERE j.outcome <> 'quarantined' OR j.rules <> w.rules
