-- Fates of rows that tell a lineage in reach, one row per row and fate.
SELECT o.*
FROM whole_row_outcome AS o
JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
JOIN lineage_in_reach AS l ON l.session_id = o.row_key
WHERE o.relation = 'charging_session' AND (o.outcome = 'quarantined' OR b.released_from IS NOT NULL)
