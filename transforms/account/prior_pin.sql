-- Awards that a rejection pins, one row per lineage: as long as what it rests on has this digest, the award stands as posted.
WITH told AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY ledger_version DESC) AS place
  FROM award_pin_log
)
SELECT session_id, input_digest, proposal
FROM told
WHERE place = 1 AND input_digest IS NOT NULL
