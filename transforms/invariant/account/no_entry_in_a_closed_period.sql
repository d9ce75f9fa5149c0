-- An entry is booked in the month of its vintage while that is open, else in the earliest open one: one row per entry that is not.
SELECT e.seq, e.period, o.first_open
FROM ledger_entry AS e
LEFT JOIN open_period AS o ON o.programme = e.programme
WHERE e.period <> GREATEST(substr(CAST(e.vintage AS STRING), 1, 7), coalesce(o.first_open, '')) -- 7 letters: YYYY-MM
