-- What of every match counts, one row per session, hour and supply (equations E7 to E9): what the supply still has, what of a contract
-- and month is retired once its deadline has passed, and what the counting revision still asks, in the order of drawing.
WITH asked AS (
  SELECT
    s.session_id, h.hour_start,
    CASE WHEN s.metering_point = 'dc_output' THEN div_up(SUM(wide(h.reading_wh)) * 1000, MAX(e.value)) -- 1000 per mille
         ELSE SUM(wide(h.reading_wh)) END AS demand_wh
  FROM interval_hour AS h
  JOIN session AS s ON s.session_id = h.session_id
  JOIN parameter AS e
    ON e.name = 'charger_efficiency' AND e.power_type = s.power_type
    AND s.vintage >= e.valid_from AND (e.valid_until IS NULL OR s.vintage < e.valid_until)
  WHERE h.data_quality_tier = 'DQ1'
  GROUP BY s.session_id, s.metering_point, h.hour_start
),
deadline AS (
  SELECT d.value AS retirement_deadline_s, v.value AS certificate_valid_months, epoch_s(c.instant) AS clock_s
  FROM parameter AS d
  CROSS JOIN parameter AS v
  CROSS JOIN run_clock AS c
  WHERE d.name = 'retirement_deadline_s' AND v.name = 'certificate_valid_months'
),
month_owed AS (
  SELECT DISTINCT contract_id, contract_month, month_end, region
  FROM match_known
  WHERE contract_id IS NOT NULL
),
retired AS (
  SELECT m.contract_id, m.contract_month, m.region, SUM(wide(c.energy_wh)) AS retired_wh
  FROM month_owed AS m
  CROSS JOIN deadline AS d
  JOIN certificate_known AS c
    ON c.contract_id = m.contract_id AND c.production_month = m.contract_month AND c.region = m.region
    AND NOT c.is_linked_to_credits AND NOT c.is_used_for_quota AND NOT c.is_revoked
    AND epoch_s(c.retired_at) < epoch_s(m.month_end) + d.retirement_deadline_s
    AND c.retired_on < date_add_months(m.contract_month, d.certificate_valid_months + 1) -- valid from the end of the month on
    AND (c.expires_on IS NULL OR c.retired_on <= c.expires_on)
  GROUP BY m.contract_id, m.contract_month, m.region
),
judged AS (
  SELECT
    m.session_id, m.hour_start, m.supply_id, m.supply_kind, m.factor_ug_per_kwh, m.turn, m.matched_wh,
    CASE WHEN m.supply_available_wh >= m.supply_matched_wh THEN wide(m.matched_wh)
         ELSE int_div(wide(m.matched_wh) * m.supply_available_wh, m.supply_matched_wh) END AS supplied_wh,
    m.contract_matched_wh,
    GREATEST(coalesce(r.retired_wh, wide(0)) - m.contract_standing_wh, wide(0))             AS retired_wh,
    m.contract_id IS NOT NULL
      AND coalesce(r.retired_wh, wide(0)) - m.contract_standing_wh < m.contract_matched_wh  AS is_short,
    epoch_s(m.month_end) + d.retirement_deadline_s                                          AS deadline_s,
    d.clock_s
  FROM match_known AS m
  JOIN session AS s ON s.session_id = m.session_id
  CROSS JOIN deadline AS d
  LEFT JOIN retired AS r ON r.contract_id = m.contract_id AND r.contract_month = m.contract_month AND r.region = m.region
),
kept AS (
  SELECT *,
    CASE WHEN is_short AND clock_s >= deadline_s THEN int_div(supplied_wh * retired_wh, contract_matched_wh)
         ELSE supplied_wh END                                                               AS kept_wh,
    CASE WHEN is_short AND clock_s < deadline_s THEN instant_of(deadline_s) END             AS provisional_until
  FROM judged
),
drawn AS (
  SELECT k.*, coalesce(a.demand_wh, wide(0)) AS demand_wh,
    SUM(k.kept_wh) OVER (PARTITION BY k.session_id, k.hour_start ORDER BY k.turn, k.supply_id
                         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running_wh
  FROM kept AS k
  LEFT JOIN asked AS a ON a.session_id = k.session_id AND a.hour_start = k.hour_start
),
counted AS (
  SELECT *, CAST(LEAST(running_wh, demand_wh) - LEAST(running_wh - kept_wh, demand_wh) AS BIGINT) AS counted_wh
  FROM drawn
)
SELECT
  session_id, hour_start, supply_id, supply_kind, factor_ug_per_kwh, matched_wh, counted_wh,
  CASE WHEN counted_wh > 0 THEN provisional_until END AS provisional_until -- what does not count rests on nothing
FROM counted
