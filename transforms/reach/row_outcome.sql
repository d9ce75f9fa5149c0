-- Refusals of rows that tell a lineage in reach, and what became of those that were taken up again, one row per row and fate.
SELECT o.*
FROM whole_row_outcome AS o
JOIN lineage_in_reach AS l ON l.session_id = o.row_key
WHERE o.outcome = 'quarantined' AND o.relation = 'charging_session'
UNION ALL
SELECT o.*
FROM whole_row_outcome AS o
JOIN staged_batch AS b ON b.landing_digest = o.landing_digest AND b.released_from IS NOT NULL
JOIN lineage_in_reach AS l ON l.session_id = o.row_key
WHERE o.outcome <> 'quarantined' AND o.relation = 'charging_session'
