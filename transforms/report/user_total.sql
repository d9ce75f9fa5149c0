-- What users hold in the programmes of the report, over the whole ledger, one row.
SELECT COUNT(*) AS users, CAST(coalesce(SUM(u.points), 0) AS DECIMAL(38,0)) AS points
FROM published.user_points AS u
JOIN programme_in_report AS p ON p.programme = u.programme
