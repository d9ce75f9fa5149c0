-- Statements about the owners of lineages in reach, one row per statement: with their tellings, by themselves, and of their tokens.
WITH holding AS (
  SELECT landing_digest FROM charging_session
  UNION
  SELECT landing_digest FROM staged_batch WHERE relation <> 'charging_session'
)
SELECT o.*
FROM whole_session_owner AS o
JOIN holding AS h ON h.landing_digest = o.landing_digest
JOIN lineage_in_reach AS l ON l.session_id = o.session_id
UNION ALL
SELECT o.*
FROM whole_session_owner AS o
JOIN (SELECT DISTINCT token_id FROM charging_session) AS t ON t.token_id = o.token_id
WHERE NOT EXISTS (SELECT 1 FROM lineage_in_reach AS l WHERE l.session_id = o.session_id)
