-- The hours of an interval are those that it touches, and sum to its energy: one row per interval that breaks this.
SELECT i.session_id, i.interval_no, COUNT(h.hour_start) AS hours, SUM(h.reading_wh) AS hours_wh
FROM session_interval AS i
JOIN (SELECT DISTINCT session_id FROM interval_hour) AS s ON s.session_id = i.session_id
LEFT JOIN interval_hour AS h ON h.session_id = i.session_id AND h.interval_no = i.interval_no
GROUP BY i.session_id, i.interval_no, i.started_at, i.ended_at, i.reading_wh
HAVING coalesce(SUM(h.reading_wh), -1) <> i.reading_wh
    OR COUNT(h.hour_start) <> int_div(epoch_s(i.ended_at) - 1, 3600) - int_div(epoch_s(i.started_at), 3600) + 1 -- 3600 s are an hour
    OR MIN(epoch_s(h.hour_start)) > epoch_s(i.started_at)
    OR MAX(epoch_s(h.hour_start)) >= epoch_s(i.ended_at)
