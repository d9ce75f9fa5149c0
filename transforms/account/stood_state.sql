-- The state in which a held lineage was before its change was held, one row per lineage.
WITH told AS (
  SELECT l.session_id, l.state, l.reason,
    ROW_NUMBER() OVER (PARTITION BY l.session_id ORDER BY l.ledger_version DESC) AS place
  FROM session_state_log AS l
  JOIN held_session AS k ON k.session_id = l.session_id
  WHERE l.state <> 'awaiting approval'
)
SELECT session_id, state, reason
FROM told
WHERE place = 1
