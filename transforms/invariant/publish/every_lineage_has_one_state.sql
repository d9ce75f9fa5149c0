-- Every lineage ever accounted has exactly one of the known states: one row per lineage that breaks this.
SELECT session_id, COUNT(*) AS states, MAX(state) AS state
FROM session_status
GROUP BY session_id
HAVING COUNT(*) <> 1
    OR MAX(state) NOT IN ('quarantined', 'duplicate', 'awaiting original', 'awaiting station', 'awaiting grid', 'awaiting owner',
      'awaiting approval', 'outside', 'not awarded', 'provisional', 'final', 'withdrawn')
UNION ALL
SELECT p.session_id, 0, p.state
FROM prior_state AS p
CROSS JOIN published_window AS w
WHERE (w.from_day IS NULL OR p.vintage IS NULL OR p.vintage >= w.from_day)
  AND NOT EXISTS (SELECT 1 FROM session_status AS s WHERE s.session_id = p.session_id)
