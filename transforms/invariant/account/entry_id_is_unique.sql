-- No entry has the id of another, new or posted: one row per id that breaks this.
SELECT e.entry_id, COUNT(*) AS entries
FROM (
  SELECT entry_id FROM ledger_entry
  UNION ALL
  SELECT l.entry_id FROM ledger_entry_log AS l JOIN session_touched AS t ON t.session_id = l.session_id
) AS e
GROUP BY e.entry_id
HAVING COUNT(*) > 1
