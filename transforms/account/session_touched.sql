-- Lineages to be accounted now, one row per lineage: an input of theirs arrived, or they share a cap with one of these, directly
-- or over others, or a connector on which tellings exclude one another.
WITH RECURSIVE capped_account AS (
  SELECT l.session_id, l.programme, l.user_id, l.vintage
  FROM session_lineage AS l
  JOIN reward_rule AS r ON r.programme = l.programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
  UNION
  SELECT l.session_id, l.prior_programme, l.prior_user_id, l.prior_vintage
  FROM session_lineage AS l
  JOIN reward_rule AS r ON r.programme = l.prior_programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
),
touched_connector AS (
  SELECT DISTINCT c.connector
  FROM connector_session AS c
  JOIN session_arrived AS a ON a.session_id = c.session_id
  UNION
  SELECT p.connector
  FROM prior_state AS p
  JOIN session_arrived AS a ON a.session_id = p.session_id
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
  WHERE p.state = 'awaiting approval' OR k.session_id IS NOT NULL -- it keeps the place where it stood
  UNION
  SELECT o.session_id
  FROM coupled AS c
  JOIN capped_account AS m ON m.session_id = c.session_id
  JOIN capped_account AS o ON o.programme = m.programme AND o.user_id = m.user_id AND o.vintage = m.vintage
)
SELECT session_id FROM coupled
