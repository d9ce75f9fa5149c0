-- What the ledger holds of every match, one row per session, hour and supply: its local month, what counts, whether it stands in a final
-- vintage, and up to which batch its session is accounted (nothing of it, where its session was matched and is not accounted since).
WITH covered AS (
  SELECT v.programme, v.vintage, MAX(c.batch_seq) AS batch_seq
  FROM prior_vintage AS v
  JOIN commit_scope AS c
    ON (c.programme IS NULL OR c.programme = v.programme)
    AND (c.vintage_from IS NULL OR v.vintage BETWEEN c.vintage_from AND c.vintage_until)
  GROUP BY v.programme, v.vintage
),
held AS (
  SELECT session_id, region, hour_start, supply_id, contract_id, matched_wh, counted_wh, provisional_until, true AS is_accounted
  FROM prior_match
  UNION ALL
  SELECT m.session_id, m.region, m.hour_start, m.supply_id, m.contract_id, m.matched_wh, CAST(0 AS BIGINT), NULL, false
  FROM energy_match_log AS m
  LEFT JOIN prior_match AS p ON p.session_id = m.session_id AND p.hour_start = m.hour_start AND p.supply_id = m.supply_id
  WHERE p.session_id IS NULL
)
SELECT h.session_id, h.region, h.hour_start, h.supply_id, h.contract_id,
  month_start(local_date(h.hour_start, p.zone)) AS contract_month,
  h.matched_wh, h.counted_wh, h.provisional_until,
  coalesce(v.state = 'final' AND q.state IN ('awarded', 'awaiting approval'), false) AS is_final,
  CASE WHEN h.is_accounted THEN coalesce(c.batch_seq, 0) ELSE 0 END                  AS batch_seq
FROM held AS h
JOIN programme_region AS r ON r.region = h.region
JOIN programme AS p ON p.programme = r.programme
LEFT JOIN prior_state AS q ON q.session_id = h.session_id
LEFT JOIN prior_vintage AS v ON v.programme = q.programme AND v.vintage = q.vintage
LEFT JOIN covered AS c ON c.programme = q.programme AND c.vintage = q.vintage
WHERE h.matched_wh > 0
