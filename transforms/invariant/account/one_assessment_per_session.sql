-- A lineage is assessed and awarded at most once: one row per lineage that breaks this.
SELECT session_id, COUNT(*) AS assessments
FROM session_assessment
GROUP BY session_id
HAVING COUNT(*) > 1
UNION ALL
SELECT session_id, COUNT(*)
FROM session_award
GROUP BY session_id
HAVING COUNT(*) > 1
