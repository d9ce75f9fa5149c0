-- Lineages to be accounted now, one row per lineage: an input of theirs arrived, or they share a cap with one of these, directly
-- or over others.
WITH RECURSIVE capped_account AS (
  SELECT l.session_id, l.programme, l.user_id, l.vintage
  FROM session_lineage AS l
  JOIN reward_rule AS r ON r.programme = l.programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
  UNION
  SELECT l.session_id, l.prior_programme, l.prior_user_id, l.prior_vintage
  FROM session_lineage AS l
  JOIN reward_rule AS r ON r.programme = l.prior_programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
),
coupled AS (
  SELECT session_id FROM session_arrived
  UNION
  SELECT o.session_id
  FROM coupled AS c
  JOIN capped_account AS m ON m.session_id = c.session_id
  JOIN capped_account AS o ON o.programme = m.programme AND o.user_id = m.user_id AND o.vintage = m.vintage
)
SELECT session_id FROM coupled
