-- Sessions that another one excludes, one row per lineage: a duplicate of a claim that another party's lineage holds, or an overlap
-- in time on one connector, where both are set aside unless one has a final award.
WITH live AS (
  SELECT c.*,
    MAX(c.ended_at) OVER (PARTITION BY c.connector ORDER BY c.started_at, c.session_id
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)      AS ended_before,
    LEAD(c.started_at) OVER (PARTITION BY c.connector ORDER BY c.started_at, c.session_id) AS started_after
  FROM connector_session AS c
  WHERE c.session_id NOT IN (SELECT session_id FROM claim_decided WHERE holder_id IS NOT NULL)
)
SELECT session_id, 'duplicate' AS state, 'told by another party as ' || holder_id AS reason
FROM claim_decided
WHERE holder_id IS NOT NULL
UNION ALL
SELECT session_id, 'quarantined', 'connector_overlap'
FROM live
WHERE NOT has_final_award AND (ended_before > started_at OR started_after < ended_at)
