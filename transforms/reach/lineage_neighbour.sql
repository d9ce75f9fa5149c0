-- Lineages that may be told on a connector at the time of one that came into reach last, one row per lineage not in reach yet: the same name of
-- the connector, and overlapping it in time or starting as near as a claim allows.
WITH inside AS (
  SELECT c.connector_id, c.station_id, epoch_s(c.started_at) - q.start_within_s AS from_s,
    GREATEST(epoch_s(c.ended_at), epoch_s(c.started_at) + q.start_within_s) AS until_s
  FROM told_added AS c
  CROSS JOIN claim_rule AS q
  WHERE c.connector_id IS NOT NULL
),
other AS (
  SELECT c.session_id, c.connector_id, c.station_id, epoch_s(c.started_at) AS start_s, epoch_s(c.ended_at) AS end_s
  FROM told_near AS c
  WHERE c.connector_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lineage_in_reach AS l WHERE l.session_id = c.session_id)
)
SELECT o.session_id
FROM other AS o
JOIN inside AS i ON i.connector_id = o.connector_id AND i.station_id = o.station_id
WHERE o.start_s <= i.until_s AND o.end_s >= i.from_s
UNION
SELECT o.session_id
FROM other AS o
JOIN inside AS i ON i.connector_id = o.connector_id
WHERE o.start_s <= i.until_s AND o.end_s >= i.from_s AND (i.station_id IS NULL OR o.station_id IS NULL)
