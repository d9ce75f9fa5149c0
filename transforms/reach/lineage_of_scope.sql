-- Lineages of the vintages that the run covers, where it covers some and not all, one row per lineage.
WITH span AS (
  SELECT day_start(x.vintage_from, p.zone) AS from_instant, day_start(date_add_days(x.vintage_until, 1), p.zone) AS until_instant
  FROM run_scope AS x
  CROSS JOIN (SELECT DISTINCT zone FROM programme) AS p
  WHERE x.vintage_from IS NOT NULL
)
SELECT DISTINCT c.session_id
FROM charging_session AS c
JOIN span AS s ON c.ended_at >= s.from_instant AND c.ended_at < s.until_instant
