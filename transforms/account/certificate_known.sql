-- The border: certificates of the contracts that touched sessions are matched with, one row per registry and serial, with the local day
-- of retirement in the zone of the region's programme.
SELECT c.registry, c.serial, c.contract_id, c.production_month, c.region, c.energy_wh, c.retired_at,
  local_date(c.retired_at, p.zone) AS retired_on, c.expires_on, c.is_linked_to_credits, c.is_used_for_quota, c.is_revoked
FROM certificate_current AS c
JOIN programme_region AS r ON r.region = c.region
JOIN programme AS p ON p.programme = r.programme
WHERE c.contract_id IN (SELECT contract_id FROM match_known WHERE contract_id IS NOT NULL)
