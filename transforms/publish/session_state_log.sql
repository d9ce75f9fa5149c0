-- States of which a publication with a window knows the newest, one row per lineage and run: those set since the window begins, and all of lineages
-- that green power is matched with, whose certificates count for longer.
SELECT *
FROM recent_session_state_log
UNION ALL
SELECT w.*
FROM whole_session_state_log AS w
JOIN (SELECT DISTINCT session_id FROM energy_match_log) AS m ON m.session_id = w.session_id
WHERE w.ledger_version < (SELECT coalesce(MIN(ledger_version), 0) FROM recent_session_state_log)
