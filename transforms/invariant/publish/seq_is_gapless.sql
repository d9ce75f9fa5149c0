-- The segments hold seq 1, 2, 3 … once each: one row per entry that breaks this.
SELECT seq, place
FROM (SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) AS place FROM segment_ledger_entry) AS numbered
WHERE seq <> place
