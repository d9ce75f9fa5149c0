-- What counted of every match before this run, one row per session, hour and supply: the session is the one that held the claim then.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY session_id, hour_start, supply_id ORDER BY ledger_version DESC) AS place
  FROM match_state_log
)
SELECT session_id, region, hour_start, supply_id, contract_id, matched_wh, counted_wh, provisional_until
FROM told
WHERE place = 1
