-- How old the newest session of a batch was when its file landed, in whole hours, one row per batch with a session that may pass.
SELECT CAST(int_div(epoch_s(max(a.landed_at)) - epoch_s(max(c.ended_at)), 3600) AS BIGINT) AS newest_age_h
FROM candidate_charging_session AS c
JOIN fate AS f ON f.row_number = c.row_number AND f.outcome <> 'quarantined'
CROSS JOIN arriving AS a
HAVING count(*) > 0
