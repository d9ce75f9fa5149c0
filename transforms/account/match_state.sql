-- What counts of every match after this run, one row per session, hour and supply of which anything is another than before.
-- A held lineage keeps what counts. What a lineage is matched with no longer, since another one holds its claim, is 0.
WITH matched AS (
  SELECT session_id, region, hour_start, supply_id, contract_id
  FROM prior_match
  WHERE session_id IN (SELECT session_id FROM session_touched)
  UNION
  SELECT session_id, region, hour_start, supply_id, contract_id
  FROM energy_match_log
  WHERE session_id IN (SELECT session_id FROM session_touched)
),
standing AS (
  SELECT k.session_id, k.region, k.hour_start, k.supply_id, k.contract_id, k.matched_wh,
    coalesce(m.counted_wh, CAST(0 AS BIGINT)) AS counted_wh, m.provisional_until
  FROM match_known AS k
  LEFT JOIN session_match AS m ON m.session_id = k.session_id AND m.hour_start = k.hour_start AND m.supply_id = k.supply_id
  UNION ALL
  SELECT m.session_id, m.region, m.hour_start, m.supply_id, m.contract_id, CAST(0 AS BIGINT), CAST(0 AS BIGINT), NULL
  FROM matched AS m
  LEFT JOIN match_known AS k ON k.session_id = m.session_id AND k.hour_start = m.hour_start AND k.supply_id = m.supply_id
  WHERE k.session_id IS NULL
)
SELECT *
FROM standing AS n
WHERE NOT EXISTS (SELECT 1 FROM held_session AS h WHERE h.session_id = n.session_id)
EXCEPT
SELECT session_id, region, hour_start, supply_id, contract_id, matched_wh, counted_wh, provisional_until
FROM prior_match
