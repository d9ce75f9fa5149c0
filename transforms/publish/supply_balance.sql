-- What becomes of green supply, one row per supply and hour told: what there is, what is matched of it, what is left. A supply told downwards
-- after its match cuts what is not final in proportion; where more than there is stands in final vintages, the rest is its deficit.
-- A match under a lineage whose claim another one holds is final with its vintage.
WITH told AS (
  SELECT s.supply_id, s.hour_start, s.supply_kind, s.region, s.available_wh,
    ROW_NUMBER() OVER (PARTITION BY s.supply_id, s.hour_start ORDER BY b.landing_seq DESC, s.row_number DESC) AS place
  FROM green_supply_hour AS s
  JOIN staged_batch AS b ON b.landing_digest = s.landing_digest
  CROSS JOIN published_window AS w
  CROSS JOIN accounted AS a
  WHERE b.batch_seq <= a.batch_seq AND (w.from_day IS NULL OR s.hour_start >= w.from_day)
),
matched AS (
  SELECT m.supply_id, m.hour_start, m.matched_wh,
    SUM(m.matched_wh) OVER (PARTITION BY m.supply_id, m.hour_start) AS all_matched_wh,
    coalesce(v.state = 'final' AND p.state IN ('awarded', 'awaiting approval', 'duplicate'), false) AS is_final
  FROM energy_match_log AS m
  LEFT JOIN prior_state AS p ON p.session_id = m.session_id
  LEFT JOIN prior_vintage AS v ON v.programme = p.programme AND v.vintage = p.vintage
),
given AS (
  SELECT t.supply_id, t.hour_start, t.supply_kind, t.region, t.available_wh,
    CAST(coalesce(SUM(CASE WHEN m.is_final OR m.all_matched_wh <= t.available_wh THEN wide(m.matched_wh)
                           ELSE int_div(wide(m.matched_wh) * t.available_wh, m.all_matched_wh) END), wide(0)) AS BIGINT) AS matched_wh
  FROM told AS t
  LEFT JOIN matched AS m ON m.supply_id = t.supply_id AND m.hour_start = t.hour_start
  WHERE t.place = 1
  GROUP BY t.supply_id, t.hour_start, t.supply_kind, t.region, t.available_wh
)
SELECT supply_id, hour_start, supply_kind, region, available_wh, matched_wh,
  GREATEST(available_wh - matched_wh, CAST(0 AS BIGINT)) AS left_wh,
  GREATEST(matched_wh - available_wh, CAST(0 AS BIGINT)) AS deficit_wh
FROM given
ORDER BY supply_id, hour_start
