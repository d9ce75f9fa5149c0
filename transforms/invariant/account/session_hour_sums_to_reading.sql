-- The hours of a session sum to its reading exactly: one row per session that breaks this.
SELECT s.session_id, SUM(h.reading_wh) AS hours_wh, MAX(s.reading_wh) AS reading_wh
FROM session AS s
JOIN session_hour AS h ON h.session_id = s.session_id
GROUP BY s.session_id
HAVING SUM(h.reading_wh) <> MAX(s.reading_wh)
