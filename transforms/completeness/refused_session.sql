-- Sessions that came and were refused, one row per lineage that has no accepted revision and whose issuer and end can be read: the
-- telling that came last. A row without an order number is a lineage of its own, and a region that nobody knows is none.
WITH told AS (
  SELECT r.*,
    MIN(r.first_landed_at) OVER (PARTITION BY r.session_id)  AS landed_at,
    ROW_NUMBER() OVER (PARTITION BY r.session_id ORDER BY r.first_landed_at DESC, r.ended_at DESC, r.reading_wh DESC) AS place
  FROM refused_row AS r
  WHERE r.issuer IS NOT NULL AND r.ended_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM session_current AS s WHERE s.session_id = r.session_id)
)
SELECT t.session_id, t.issuer, g.region, t.station_id, t.connector_id, t.started_at, t.ended_at, t.reading_wh,
  false AS is_withdrawn, t.landed_at AS first_landed_at
FROM told AS t
LEFT JOIN region AS g ON g.region = t.region
WHERE t.place = 1
