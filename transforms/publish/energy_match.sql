-- Green power matched with charging, one row per session, hour and supply, as it was matched, once and for all.
SELECT m.*
FROM energy_match_log AS m
CROSS JOIN published_window AS w
WHERE w.from_day IS NULL OR m.hour_start >= w.from_day
ORDER BY m.session_id, m.hour_start, m.supply_id
