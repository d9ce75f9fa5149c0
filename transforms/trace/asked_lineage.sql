-- Lineages that are or were a user's and may be of the day asked for, one row per lineage: by states and entries of the ledger, by what
-- is told of owners, and by rows in quarantine that name the user.
WITH near AS (
  SELECT c.session_id, c.token_id
  FROM charging_session AS c
  CROSS JOIN asked AS a
  WHERE c.ended_at BETWEEN day_start(date_add_days(a.day, -1), 'UTC') AND day_start(date_add_days(a.day, 2), 'UTC')
)
SELECT s.session_id FROM session_state_log AS s JOIN asked AS a ON a.user_id = s.user_id AND a.day = s.vintage
UNION
SELECT e.session_id FROM ledger_entry_log AS e JOIN asked AS a ON a.user_id = e.user_id AND a.day = e.vintage
UNION
SELECT n.session_id FROM near AS n JOIN session_owner AS o ON o.session_id = n.session_id JOIN asked AS a ON a.user_id = o.user_id
UNION
SELECT n.session_id FROM near AS n JOIN session_owner AS o ON o.token_id = n.token_id JOIN asked AS a ON a.user_id = o.user_id
UNION
SELECT q.row_key
FROM quarantine AS q
JOIN asked AS a ON contains(q.row_json, a.user_id)
WHERE q.relation = 'charging_session' AND q.row_key IS NOT NULL
