-- How many accounts there are, one row: one for every private connector, and as many again as there are charges on a day.
SELECT CAST((SELECT sum(connectors) FROM pool WHERE is_private) + max(a.sessions) // max(a.days) + 1 AS BIGINT) AS accounts
FROM asked AS a
