-- What must stand in the end, one row per standing of a session.
SELECT standing, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM true_total
GROUP BY standing
ORDER BY standing
