-- Lineages to be accounted now, one row per lineage: an input of theirs arrived, or they are on a connector on which tellings exclude
-- one another beside one of these, or beside one that stands elsewhere than it is told. Who shares a cap with them is touched too, and is added.
WITH moving AS (
  SELECT session_id FROM session_arrived
  UNION ALL
  SELECT session_id FROM session_displaced
),
touched_connector AS (
  SELECT c.connector
  FROM connector_session AS c
  JOIN moving AS m ON m.session_id = c.session_id
  UNION
  SELECT p.connector
  FROM prior_state AS p
  JOIN moving AS m ON m.session_id = p.session_id
),
coupled AS (
  SELECT session_id FROM session_arrived
  UNION
  SELECT c.session_id
  FROM touched_connector AS t
  JOIN connector_session AS c ON c.connector = t.connector
  LEFT JOIN session_set_aside AS x ON x.session_id = c.session_id
  LEFT JOIN prior_state AS p ON p.session_id = c.session_id
  WHERE x.session_id IS NOT NULL OR p.state = 'duplicate' OR p.reason = 'connector_overlap'
  UNION
  SELECT p.session_id
  FROM touched_connector AS t
  JOIN prior_state AS p ON p.connector = t.connector
  LEFT JOIN prior_pin AS k ON k.session_id = p.session_id
  LEFT JOIN connector_session AS c ON c.session_id = p.session_id
  LEFT JOIN session_current AS n ON n.session_id = p.session_id
  WHERE p.state = 'awaiting approval' OR k.session_id IS NOT NULL -- it keeps the place where it stood
     OR c.connector IS DISTINCT FROM p.connector OR n.content_digest IS DISTINCT FROM p.content_digest -- it may: its change stands aside
)
SELECT session_id FROM coupled
