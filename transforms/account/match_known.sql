-- The border: the matches of touched sessions, one row per session, hour and supply, with what the supply has and gave in that hour, and
-- what its contract gave in the month. What stands in a final vintage counts as it counted when it became final, and comes first: a
-- shortfall of supply is a deficit, and certificates that are used for it are not there for others. Under another version than the award's
-- nothing stands: what counted under one that does not match says nothing of one that does.
WITH of_supply AS (
  SELECT supply_id, hour_start, SUM(matched_wh) AS matched_wh
  FROM match_of_all
  GROUP BY supply_id, hour_start
),
month_of AS (
  SELECT m.session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn, m.factor_ug_per_kwh, p.zone,
    month_start(local_date(m.hour_start, p.zone)) AS contract_month, SUM(m.matched_wh) AS matched_wh
  FROM match_of_all AS m
  JOIN programme_region AS r ON r.region = m.region
  JOIN programme AS p ON p.programme = r.programme
  GROUP BY m.session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn, m.factor_ug_per_kwh, p.zone
),
standing AS (
  SELECT n.session_id, n.hour_start, n.supply_id, n.counted_wh
  FROM prior_match AS n
  JOIN prior_state AS q ON q.session_id = n.session_id AND q.state IN ('awarded', 'awaiting approval')
  JOIN prior_vintage AS v ON v.programme = q.programme AND v.vintage = q.vintage AND v.state = 'final'
  LEFT JOIN session_scope AS s ON s.session_id = n.session_id
  WHERE coalesce(s.methodology, q.methodology) = q.methodology
),
told AS (
  SELECT m.*, w.session_id IS NOT NULL AS is_standing, w.counted_wh
  FROM month_of AS m
  LEFT JOIN standing AS w ON w.session_id = m.session_id AND w.hour_start = m.hour_start AND w.supply_id = m.supply_id
),
of_contract AS (
  SELECT contract_id, region, contract_month,
    SUM(CASE WHEN is_standing THEN counted_wh ELSE 0 END) AS standing_wh,
    SUM(CASE WHEN is_standing THEN 0 ELSE matched_wh END) AS open_wh
  FROM told
  WHERE contract_id IS NOT NULL
  GROUP BY contract_id, region, contract_month
)
SELECT m.session_id, m.region, m.hour_start, m.supply_id, m.supply_kind, m.contract_id, m.turn, m.factor_ug_per_kwh,
  CAST(m.matched_wh AS BIGINT)                                                                       AS matched_wh,
  CAST(CASE WHEN m.is_standing THEN m.matched_wh ELSE s.matched_wh END AS BIGINT)                    AS supply_matched_wh,
  CAST(CASE WHEN m.is_standing THEN m.counted_wh ELSE coalesce(g.available_wh, 0) END AS BIGINT)     AS supply_available_wh,
  m.contract_month,
  day_start(next_month(m.contract_month), m.zone)                                                    AS month_end,
  CAST(CASE WHEN m.is_standing THEN k.standing_wh ELSE k.open_wh END AS BIGINT)                      AS contract_matched_wh,
  CAST(CASE WHEN m.is_standing THEN 0 ELSE k.standing_wh END AS BIGINT)                              AS contract_standing_wh
FROM told AS m
JOIN session_touched AS t ON t.session_id = m.session_id
JOIN of_supply AS s ON s.supply_id = m.supply_id AND s.hour_start = m.hour_start
LEFT JOIN of_contract AS k ON k.contract_id = m.contract_id AND k.region = m.region AND k.contract_month = m.contract_month
LEFT JOIN green_supply_current AS g ON g.supply_id = m.supply_id AND g.hour_start = m.hour_start
