-- The charges of one operator that end on one local day, as they truly were, one row per charge. Everything about a charge
-- follows from its number and the seed. Times are seconds of the local clock since 1970-01-01.
WITH numbered AS (
  SELECT c.*, unnest(range(c.charges)) AS rank
  FROM cell AS c
  JOIN asked_file AS f ON f.operator_id = c.operator_id AND f.day = c.day
),
marked AS (
  SELECT n.*, n.first_no + n.rank AS no, stirred(xor(n.first_no + n.rank, a.seed_mark)) AS mark,
    ((n.first_no + n.rank) * 6181 + a.seed_mark) % 10000 AS place, -- 6181 spreads the defects evenly over the numbers
    a.is_clean, a.tells
  FROM numbered AS n
  CROSS JOIN asked AS a
),
timed AS (
  SELECT m.*, coalesce(d.defect, 'none') AS defect,
    CASE WHEN m.is_clean OR d.defect IS NULL OR NOT list_contains(m.tells, d.needs) THEN 'none' ELSE d.defect END AS told_as,
    -- One interval must be worth what the total alone is worth: a fast charge of that kind stays inside one hour.
    coalesce(d.defect IN ('end_key', 'sum_within_tolerance'), false) AS is_single,
    coalesce(d.defect IN ('end_key', 'sum_within_tolerance'), false) AND m.kind = 'fast' AS is_inside_hour,
    s.from_s, s.room_s, (s.least_s + draw(m.mark, 1, s.spread_s + 1)) // o.step_s * o.step_s AS asked_length_s,
    o.step_s, o.decimals, o.is_hourly, o.tells_vin, o.price_fen
  FROM marked AS m
  JOIN slot AS s ON s.kind = m.kind AND s.slot = m.slot
  JOIN invented_operator AS o ON o.operator_id = m.operator_id
  LEFT JOIN defect AS d ON m.place >= d.places_before AND m.place < d.places_before + d.places
),
bounded AS (
  SELECT *,
    CASE WHEN is_inside_hour THEN greatest((from_s + 3599) // 3600 * 3600, 0) ELSE from_s END AS begin_s,
    CASE WHEN is_inside_hour THEN least(greatest((from_s + 3599) // 3600 * 3600, 0) + 3600, from_s + room_s)
         ELSE from_s + room_s END AS until_s
  FROM timed
),
ended AS (
  SELECT *, least(asked_length_s, until_s - begin_s - step_s) AS length_s,
    greatest(begin_s + least(asked_length_s, until_s - begin_s - step_s), 0) AS least_end_s
  FROM bounded
),
placed AS (
  SELECT e.*, (e.rank + e.first_connector) % p.connectors AS connector_no, p.per_station, p.is_private, p.account_base,
    (e.least_end_s + draw(e.mark, 2, e.until_s - e.least_end_s)) // e.step_s * e.step_s AS end_s
  FROM ended AS e
  JOIN pool AS p ON p.operator_id = e.operator_id AND p.kind = e.kind
)
SELECT
  p.operator_id, p.day, p.kind, p.no, p.mark, p.defect, p.told_as, p.is_single, p.decimals, p.is_hourly, p.tells_vin, p.price_fen,
  t.station_id,
  t.station_id || lpad(CAST(p.connector_no % p.per_station AS VARCHAR), 2, '0') AS connector_id,
  t.region, t.county_code, t.power_type, t.metering_point, t.rated_kw,
  day_start_s(p.day) + p.end_s - p.length_s                                     AS started_s,
  day_start_s(p.day) + p.end_s                                                  AS ended_s,
  CASE WHEN p.defect = 'none' AND draw(p.mark, 3, 1000) < 3 THEN 0 -- a charge that failed to begin
       ELSE t.rated_kw * p.length_s -- times its mean power, per mille of the rated one: kW x s x per mille are 3600 of a Wh
            * CASE WHEN p.kind = 'fast' THEN 200 + draw(p.mark, 4, 350) ELSE 550 + draw(p.mark, 4, 400) END
            // 3600 // list_extract([100, 10, 1], p.decimals) * list_extract([100, 10, 1], p.decimals) END AS energy_wh,
  CASE WHEN p.is_private THEN p.account_base + p.connector_no ELSE draw(p.mark, 5, u.accounts) END AS account_no,
  p.defect = 'details_outside' OR (NOT p.is_single AND draw(p.mark, 6, 100) < 12) AS is_total_only,
  list_extract([0, 0, 0, 1, 1, 2, 3, 4, 20], 1 + draw(p.mark, 7, 9))            AS stop_reason
FROM placed AS p
JOIN place AS t ON t.operator_id = p.operator_id AND t.kind = p.kind AND t.station_no = p.connector_no // p.per_station
CROSS JOIN asked_account AS u
