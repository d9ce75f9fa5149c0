-- The border: the metered intervals of the sessions that a version is asked about, one row per session and interval.
SELECT i.session_id, i.interval_no, i.started_at, i.ended_at, i.reading_wh
FROM session_admitted AS s
JOIN methodology_running AS m ON m.methodology = s.methodology
JOIN charging_interval AS i ON i.landing_digest = s.landing_digest AND i.row_number = s.row_number
