-- Certificates as they were told last, one row per registry and serial.
WITH told AS (
  SELECT c.*, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY c.registry, c.serial ORDER BY b.landing_seq DESC, c.row_number DESC) AS place
  FROM certificate AS c
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
)
SELECT registry, serial, contract_id, production_month, region, energy_wh, beneficiary, retired_at, retirement_reference, expires_on,
  is_linked_to_credits, is_used_for_quota, is_revoked, batch_seq
FROM told
WHERE place = 1
