-- What arrived, one row per lineage: in which region, and on which local day it ended, in the zone of the region's programme or else
-- in UTC. A credit whose original has not come is not a session received.
WITH repeated AS (
  SELECT o.row_key AS session_id, COUNT(*) AS duplicate_rows
  FROM row_outcome AS o
  JOIN staged_batch AS b ON b.landing_digest = o.landing_digest
  WHERE o.relation = 'charging_session' AND o.outcome = 'duplicate'
  GROUP BY o.row_key
),
placed AS (
  SELECT s.session_id, s.issuer, coalesce(s.region, t.region) AS region, s.ended_at, s.reading_wh, s.first_landed_at,
    f.session_id IS NOT NULL AS is_refused
  FROM session_current AS s
  LEFT JOIN session_station AS t ON t.session_id = s.session_id
  LEFT JOIN refused_session AS f ON f.session_id = s.session_id
)
SELECT
  s.session_id, s.issuer,
  coalesce(s.region, 'unknown')                        AS region,
  local_date(s.ended_at, coalesce(p.zone, 'UTC'))      AS vintage,
  coalesce(p.zone, 'UTC')                              AS zone,
  s.is_refused, s.reading_wh, s.first_landed_at,
  coalesce(d.duplicate_rows, 0)                        AS duplicate_rows
FROM placed AS s
LEFT JOIN programme_region AS r ON r.region = s.region
LEFT JOIN programme AS p ON p.programme = r.programme
LEFT JOIN repeated AS d ON d.session_id = s.session_id
