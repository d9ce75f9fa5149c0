-- What of a vintage rested on something open after its last run, one row per programme and vintage ever accounted.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY programme, vintage ORDER BY ledger_version DESC) AS place
  FROM vintage_open_log
)
SELECT programme, vintage, open_sessions, next_deadline
FROM told
WHERE place = 1
