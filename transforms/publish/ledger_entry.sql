-- The ledger, one row per entry, in the order of seq.
SELECT e.*
FROM ledger_entry_log AS e
CROSS JOIN published_window AS w
WHERE w.from_day IS NULL OR e.vintage >= w.from_day
ORDER BY e.seq
