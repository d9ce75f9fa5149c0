-- What becomes of green supply, one row per supply and hour told: what there is, what is matched of it, what of that counts, what is left.
-- A supply told downwards after its match cuts what is not final in proportion; what counts in final vintages stands, and where it is more
-- than there is, the rest is the supply's deficit.
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
  SELECT supply_id, hour_start, matched_wh, counted_wh, is_final,
    SUM(matched_wh) OVER (PARTITION BY supply_id, hour_start) AS all_matched_wh
  FROM match_standing
),
allowed AS (
  SELECT t.supply_id, t.hour_start, t.supply_kind, t.region, t.available_wh, m.counted_wh, m.is_final,
    CASE WHEN m.all_matched_wh <= t.available_wh THEN wide(m.matched_wh)
         ELSE int_div(wide(m.matched_wh) * t.available_wh, m.all_matched_wh) END AS allowed_wh
  FROM told AS t
  LEFT JOIN matched AS m ON m.supply_id = t.supply_id AND m.hour_start = t.hour_start
  WHERE t.place = 1
),
given AS (
  SELECT supply_id, hour_start, supply_kind, region, available_wh,
    CAST(coalesce(SUM(CASE WHEN is_final THEN GREATEST(allowed_wh, counted_wh) ELSE allowed_wh END), wide(0)) AS BIGINT) AS matched_wh,
    CAST(coalesce(SUM(counted_wh), 0) AS BIGINT)                                                                     AS counted_wh
  FROM allowed
  GROUP BY supply_id, hour_start, supply_kind, region, available_wh
)
SELECT supply_id, hour_start, supply_kind, region, available_wh, matched_wh, counted_wh,
  GREATEST(available_wh - matched_wh, CAST(0 AS BIGINT)) AS left_wh,
  GREATEST(matched_wh - available_wh, CAST(0 AS BIGINT)) AS deficit_wh
FROM given
ORDER BY supply_id, hour_start
