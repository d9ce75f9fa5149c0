-- What the order tells of intervals, one row per charge detail; transforms/staging/charging_interval.sql scales them.
SELECT row_number, session_id, i.started_at AS started_at, i.ended_at AS ended_at, i.told_fwh AS told_fwh
FROM (SELECT row_number, session_id, unnest(told_interval) AS i FROM candidate_charging_session) AS told
