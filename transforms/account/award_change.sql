-- What differs and what becomes of it, one row per programme, lineage, vintage and user of a touched lineage where due and posted differ.
-- is_held: an award that is there would change, in a final vintage because its own inputs did, in one that passes a threshold for
-- whatever cause, or it waits since before, or its change was rejected. is_standing: an award of a final vintage would change only because
-- something else arrived, so it stands as posted. What is released is neither.
WITH own_change AS (
  SELECT p.session_id
  FROM prior_state AS p
  LEFT JOIN session_scope AS s ON s.session_id = p.session_id
  LEFT JOIN session_assessment AS a ON a.session_id = p.session_id
  WHERE p.content_digest IS DISTINCT FROM s.content_digest
     OR p.station_digest IS DISTINCT FROM s.station_digest
     OR p.user_id IS DISTINCT FROM s.user_id
     OR (p.state = 'withdrawn') IS DISTINCT FROM s.is_withdrawn
     OR (coalesce(p.reason, '') = 'not enrolled') IS DISTINCT FROM (s.user_id IS NOT NULL AND NOT s.is_enrolled)
     OR p.methodology_digest IS DISTINCT FROM s.methodology_digest
     OR p.programme_digest IS DISTINCT FROM s.programme_digest
     OR p.emission_reductions_ng IS DISTINCT FROM a.emission_reductions_ng
     OR p.energy_wh IS DISTINCT FROM a.energy_wh
),
holding AS (
  SELECT d.session_id
  FROM award_differing AS d
  JOIN own_change AS o ON o.session_id = d.session_id
  WHERE d.is_final_award
  UNION
  SELECT d.session_id
  FROM award_differing AS d
  JOIN vintage_passed AS v ON v.programme = d.programme AND v.vintage = d.vintage
  WHERE NOT d.nothing_posted
  UNION
  SELECT d.session_id
  FROM award_differing AS d
  JOIN prior_state AS p ON p.session_id = d.session_id AND p.state = 'awaiting approval'
  WHERE NOT d.nothing_posted
),
held AS (
  SELECT h.session_id FROM holding AS h LEFT JOIN released_session AS r ON r.session_id = h.session_id WHERE r.session_id IS NULL
  UNION
  SELECT session_id FROM held_session
)
SELECT d.*, h.session_id IS NOT NULL AS is_held,
  d.is_final_award AND h.session_id IS NULL AND r.session_id IS NULL AS is_standing
FROM award_differing AS d
LEFT JOIN held AS h ON h.session_id = d.session_id
LEFT JOIN released_session AS r ON r.session_id = d.session_id
