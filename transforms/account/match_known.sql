-- The border: the matches of touched sessions, one row per session, hour and supply, with what the supply has and gave in that hour, and
-- what its contract gave in the month. What stands in a final vintage keeps its match and comes first: a shortfall of supply is a
-- deficit, and certificates that are used for it are not there for others.
WITH of_supply AS (
  SELECT supply_id, hour_start, SUM(matched_wh) AS matched_wh
  FROM match_of_all
  GROUP BY supply_id, hour_start
),
month_of AS (
  SELECT m.*, p.zone, month_start(local_date(m.hour_start, p.zone)) AS contract_month
  FROM match_of_all AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
),
standing AS (
  SELECT q.session_id
  FROM prior_state AS q
  JOIN prior_vintage AS v ON v.programme = q.programme AND v.vintage = q.vintage AND v.state = 'final'
  WHERE q.state IN ('awarded', 'awaiting approval')
),
of_contract AS (
  SELECT m.contract_id, m.contract_month, SUM(m.matched_wh) AS matched_wh,
    SUM(CASE WHEN w.session_id IS NOT NULL THEN m.matched_wh ELSE 0 END) AS standing_wh
  FROM month_of AS m
  LEFT JOIN standing AS w ON w.session_id = m.session_id
  WHERE m.contract_id IS NOT NULL
  GROUP BY m.contract_id, m.contract_month
)
SELECT m.session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn, m.factor_ug_per_kwh,
  CAST(SUM(m.matched_wh) AS BIGINT)                                                                  AS matched_wh,
  CAST(MAX(s.matched_wh) AS BIGINT)                                                                  AS supply_matched_wh,
  CAST(CASE WHEN MAX(w.session_id) IS NOT NULL THEN MAX(s.matched_wh)
            ELSE coalesce(MAX(g.available_wh), 0) END AS BIGINT)                                     AS supply_available_wh,
  m.contract_month,
  day_start(next_month(m.contract_month), m.zone)                                                    AS month_end,
  CAST(CASE WHEN MAX(w.session_id) IS NOT NULL THEN MAX(k.standing_wh)
            ELSE MAX(k.matched_wh) - MAX(k.standing_wh) END AS BIGINT)                               AS contract_matched_wh,
  CAST(CASE WHEN MAX(w.session_id) IS NOT NULL THEN 0 ELSE MAX(k.standing_wh) END AS BIGINT)         AS contract_standing_wh
FROM month_of AS m
JOIN session_touched AS t ON t.session_id = m.session_id
JOIN of_supply AS s ON s.supply_id = m.supply_id AND s.hour_start = m.hour_start
LEFT JOIN of_contract AS k ON k.contract_id = m.contract_id AND k.contract_month = m.contract_month
LEFT JOIN green_supply_current AS g ON g.supply_id = m.supply_id AND g.hour_start = m.hour_start
LEFT JOIN standing AS w ON w.session_id = m.session_id
GROUP BY m.session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn, m.factor_ug_per_kwh, m.contract_month, m.zone
