-- Lineages that share a cap with a touched one and are not touched themselves, one row per lineage.
SELECT DISTINCT o.session_id
FROM session_touched AS t
JOIN capped_account AS m ON m.session_id = t.session_id
JOIN capped_account AS o ON o.programme = m.programme AND o.user_id = m.user_id AND o.vintage = m.vintage
WHERE o.session_id NOT IN (SELECT session_id FROM session_touched)
