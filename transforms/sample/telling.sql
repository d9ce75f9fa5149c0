-- What one operator sends about the charges of one day, one row per telling: a row of a file. Extra orders have a connector apart.
WITH told AS (
  SELECT
    c.* EXCLUDE (station_id, connector_id, region, county_code, power_type, metering_point, rated_kw, started_s, ended_s, energy_wh),
    m.telling_no, m.delivery, m.number_lead, m.is_marked, m.fate, m.is_counted, m.how,
    CASE WHEN m.number_lead > 0 THEN x.station_id || lpad(CAST(c.no % x.connectors AS VARCHAR), 2, '0')
         WHEN m.how = 'strange_connector' THEN c.operator_id || 'X' || lpad(CAST(c.no % 10000000 AS VARCHAR), 7, '0') || '00'
         ELSE c.connector_id END AS connector_id,
    CASE WHEN m.number_lead > 0 THEN x.region ELSE c.region END AS region,
    CASE WHEN m.number_lead > 0 THEN x.power_type ELSE c.power_type END AS power_type,
    CASE WHEN m.number_lead > 0 THEN x.metering_point ELSE c.metering_point END AS metering_point,
    CASE WHEN m.number_lead > 0 THEN x.rated_kw ELSE c.rated_kw END AS rated_kw,
    -- An extra order is told from 12:10 to 14:10, or from 13:10 to 15:10.
    CASE WHEN m.number_lead > 0 THEN day_start_s(c.day) + CASE WHEN m.how = 'hour_later' THEN 47400 ELSE 43800 END
         ELSE c.started_s - CASE m.how WHEN 'day_early' THEN 86400 WHEN 'aggregator' THEN c.no % 61 ELSE 0 END END AS begin_s,
    CASE WHEN m.number_lead > 0 THEN day_start_s(c.day) + CASE WHEN m.how = 'hour_later' THEN 54600 ELSE 51000 END
         ELSE c.ended_s - CASE m.how WHEN 'day_early' THEN 86400 ELSE 0 END END AS finish_s,
    CASE WHEN m.how = 'impossible' THEN 1000100 -- Wh: just above 1,000 kWh
         WHEN m.how = 'hour_later' THEN 9000
         WHEN m.number_lead > 0 THEN 8000 + c.no % 7 * 100
         WHEN m.how = 'aggregator' THEN c.energy_wh - c.energy_wh // 500
         ELSE c.energy_wh + CASE m.how WHEN 'more_energy' THEN 1000 ELSE 0 END END AS amount_wh
  FROM charge AS c
  JOIN manner AS m ON m.defect = c.told_as
  LEFT JOIN place AS x ON x.operator_id = c.operator_id AND x.kind = 'spare'
)
SELECT t.* EXCLUDE (begin_s, finish_s, amount_wh, decimals),
  CASE WHEN how = 'aggregator' THEN a.aggregator_id ELSE operator_id END AS issuer,
  CASE WHEN how = 'aggregator' THEN 3 ELSE decimals END AS decimals,
  CASE WHEN how <> 'no_number'
       THEN strftime(day, '%Y%m%d') || CAST(number_lead AS VARCHAR) || lpad(CAST(no AS VARCHAR), 9, '0') END AS order_number,
  CASE WHEN how = 'swapped' THEN finish_s ELSE begin_s END AS started_s,
  CASE how WHEN 'swapped' THEN begin_s WHEN 'no_length' THEN begin_s ELSE finish_s END AS ended_s,
  CASE WHEN how = 'negative' THEN -amount_wh ELSE amount_wh END AS energy_wh,
  CASE how WHEN 'details_within' THEN amount_wh + 100
           WHEN 'details_beyond' THEN amount_wh + amount_wh // 2000 * 100 + 500 ELSE amount_wh END AS details_wh,
  how IN ('negative', 'swapped', 'no_length')
    OR (how NOT IN ('details_outside', 'details_beyond') AND (is_total_only OR amount_wh = 0)) AS is_without_details
FROM told AS t
CROSS JOIN asked AS a
ORDER BY ended_s, no, telling_no
