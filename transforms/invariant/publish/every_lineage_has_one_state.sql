-- Every lineage ever accounted has exactly one of the known states: one row per lineage that breaks this.
SELECT session_id, COUNT(*) AS states, MAX(state) AS state
FROM session_status
GROUP BY session_id
HAVING COUNT(*) <> 1
    OR MAX(state) NOT IN ('quarantined', 'duplicate', 'awaiting original', 'awaiting station', 'awaiting grid', 'awaiting owner',
      'awaiting approval', 'outside', 'not awarded', 'provisional', 'final', 'withdrawn')
