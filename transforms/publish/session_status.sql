-- Where a session stands, one row per lineage ever accounted, of the days that are shown; an award is provisional or final as its vintage is.
SELECT
  s.session_id,
  s.programme,
  s.vintage,
  s.user_id,
  CASE WHEN s.state = 'awarded' THEN v.state ELSE s.state END AS state,
  s.reason,
  s.has_quarantined_revision
FROM prior_state AS s
CROSS JOIN published_window AS w
LEFT JOIN prior_vintage AS v ON v.programme = s.programme AND v.vintage = s.vintage
WHERE w.from_day IS NULL OR s.vintage IS NULL OR s.vintage >= w.from_day
ORDER BY s.session_id
