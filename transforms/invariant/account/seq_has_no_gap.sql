-- New entries continue the sequence without gap or repeat: one row per entry that breaks this.
SELECT seq, place
FROM (
  SELECT e.seq, l.seq + ROW_NUMBER() OVER (ORDER BY e.seq) AS place
  FROM ledger_entry AS e
  CROSS JOIN last_entry AS l
) AS numbered
WHERE seq <> place
