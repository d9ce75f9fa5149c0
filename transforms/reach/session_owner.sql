-- Statements about the owners of lineages in reach, one row per statement: with their tellings, by themselves, and of their tokens.
WITH holding AS (
  SELECT landing_digest FROM charging_session
  UNION
  SELECT landing_digest FROM staged_batch WHERE relation <> 'charging_session'
)
SELECT o.*
FROM whole_session_owner AS o
JOIN holding AS h ON h.landing_digest = o.landing_digest
WHERE o.session_id IN (SELECT session_id FROM lineage_in_reach)
   OR o.token_id IN (SELECT token_id FROM charging_session WHERE token_id IS NOT NULL)
