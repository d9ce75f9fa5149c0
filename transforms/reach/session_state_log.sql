-- States of lineages in reach, one row per lineage and run that set it.
SELECT s.*
FROM whole_session_state_log AS s
JOIN lineage_in_reach AS l ON l.session_id = s.session_id
