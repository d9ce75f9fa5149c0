-- Touched lineages that stand elsewhere than they are told though nothing of them arrived, one row per lineage not known to do so yet: their
-- change waits, was rejected, or stands aside for another one. Both places concern whoever is there.
SELECT t.session_id
FROM session_touched AS t
LEFT JOIN session_arrived AS a ON a.session_id = t.session_id
LEFT JOIN session_displaced AS d ON d.session_id = t.session_id
JOIN prior_state AS p ON p.session_id = t.session_id
LEFT JOIN connector_session AS c ON c.session_id = t.session_id
LEFT JOIN session_current AS n ON n.session_id = t.session_id
WHERE a.session_id IS NULL AND d.session_id IS NULL AND coalesce(p.connector, c.connector) IS NOT NULL
  AND (c.connector IS DISTINCT FROM p.connector OR n.content_digest IS DISTINCT FROM p.content_digest)
