-- No two entries have one id: one row per id that breaks this.
SELECT entry_id, COUNT(*) AS entries
FROM segment_ledger_entry
GROUP BY entry_id
HAVING COUNT(*) > 1
