-- The state of a vintage before this run, one row per programme and vintage ever accounted.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY programme, vintage ORDER BY ledger_version DESC) AS place
  FROM vintage_state_log
)
SELECT programme, vintage, state, final_since_seq, ledger_version
FROM told
WHERE place = 1
