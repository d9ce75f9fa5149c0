-- Entries of the vintages in which a lineage in reach ever stood, one row per entry.
SELECT e.*
FROM whole_ledger_entry_log AS e
JOIN (SELECT DISTINCT vintage FROM session_state_log WHERE vintage IS NOT NULL) AS v ON v.vintage = e.vintage
