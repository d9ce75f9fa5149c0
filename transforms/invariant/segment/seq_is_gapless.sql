-- The segments hold every seq once, from 1 or where the ones before end: one row per entry that breaks this.
SELECT n.seq, n.place
FROM (SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) AS place FROM segment_ledger_entry) AS n
CROSS JOIN segment_start AS s
WHERE n.seq <> s.seq + n.place
