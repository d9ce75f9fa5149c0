-- A session has one row for every hour that its window touches, and no other: one row per session that breaks this.
SELECT s.session_id, COUNT(*) AS hours
FROM session AS s
JOIN session_hour AS h ON h.session_id = s.session_id
GROUP BY s.session_id, s.started_at, s.ended_at
HAVING COUNT(*) <> COUNT(DISTINCT h.hour_start)
    OR COUNT(*) <> int_div(epoch_s(s.ended_at) - 1, 3600) - int_div(epoch_s(s.started_at), 3600) + 1 -- 3600 s are an hour
    OR MIN(epoch_s(h.hour_start)) > epoch_s(s.started_at)
    OR MAX(epoch_s(h.hour_start)) >= epoch_s(s.ended_at)
