-- Where sessions stand, one row per state and reason. A session without a programme belongs to every report.
-- Which session a duplicate repeats is left to its own row of session_status.
SELECT
  s.state,
  CASE WHEN s.state = 'duplicate' THEN 'told by another party' ELSE coalesce(s.reason, '') END AS reason,
  COUNT(*)                                                                   AS sessions,
  COUNT(*) FILTER (WHERE substr(s.session_id, 1, length(m.mark)) = m.mark)   AS synthetic
FROM published.session_status AS s
CROSS JOIN synthetic_mark AS m
WHERE s.programme IS NULL OR s.programme IN (SELECT programme FROM programme_in_report)
GROUP BY s.state, CASE WHEN s.state = 'duplicate' THEN 'told by another party' ELSE coalesce(s.reason, '') END
ORDER BY sessions DESC, s.state, reason
