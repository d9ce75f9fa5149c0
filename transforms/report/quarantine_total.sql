-- Rows that wait in quarantine, one row per relation and first rule that refused them.
SELECT relation, rule, COUNT(*) AS refused
FROM quarantined_row
WHERE is_waiting
GROUP BY relation, rule
ORDER BY refused DESC, relation, rule
