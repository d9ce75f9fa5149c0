-- Every lineage of which something was ever told, one row per lineage: received, accepted or not, or told to be somebody's.
SELECT row_key AS session_id, substr(row_key, strpos(row_key, ':') + 1) AS order_number
FROM row_outcome
WHERE relation = 'charging_session' AND row_key IS NOT NULL
UNION
SELECT session_id, substr(session_id, strpos(session_id, ':') + 1)
FROM session_owner
WHERE session_id IS NOT NULL
