-- A session has one row for every hour that its window touches, or, where its metered intervals count, that these touch, and no
-- other: one row per session that breaks this.
WITH metered AS (SELECT DISTINCT session_id FROM interval_hour WHERE interval_no > 0)
SELECT s.session_id, COUNT(*) AS hours
FROM session AS s
JOIN session_hour AS h ON h.session_id = s.session_id
LEFT JOIN metered AS m ON m.session_id = s.session_id
GROUP BY s.session_id, s.started_at, s.ended_at, m.session_id
HAVING COUNT(*) <> COUNT(DISTINCT h.hour_start)
    OR (m.session_id IS NULL AND COUNT(*) <> int_div(epoch_s(s.ended_at) - 1, 3600) - int_div(epoch_s(s.started_at), 3600) + 1) -- 3600 s are an hour
    OR (m.session_id IS NULL AND MIN(epoch_s(h.hour_start)) > epoch_s(s.started_at))
    OR MIN(epoch_s(h.hour_start)) + 3600 <= epoch_s(s.started_at)
    OR MAX(epoch_s(h.hour_start)) >= epoch_s(s.ended_at)
