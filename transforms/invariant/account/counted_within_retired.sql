-- After the deadline of retirement no more of a contract and month counts than is retired: one row per session-hour and supply whose
-- open deadline has passed.
SELECT m.session_id, m.supply_id, m.hour_start
FROM session_match AS m
CROSS JOIN run_clock AS k
WHERE m.provisional_until <= k.instant
