-- Sessions of OCPI charge detail records, one row per record. The record's end is that of the session: charging ends with the last
-- period that has energy, and a period with the start of the next; without energy in periods, before the parking time.
WITH period AS (
  SELECT row_number, row_number() OVER () AS period_no, period,
    utc_text_to_instant(period ->> '$.start_date_time') AS started_at
  FROM (SELECT row_number, unnest(json_list(charging_periods)) AS period FROM landed_row) AS listed
),
dimension AS (
  SELECT period_no, unnest(json_list(period ->> '$.dimensions')) AS dimension FROM period
),
-- Other dimensions, such as ENERGY_IMPORT or POWER, belong to sessions and say nothing here.
energy AS (
  SELECT period_no,
    CASE WHEN bool_and(coalesce(kwh_text_to_fwh(dimension ->> '$.volume') IS NOT NULL, false))
         THEN sum(kwh_text_to_fwh(dimension ->> '$.volume')) END AS told_fwh
  FROM dimension
  WHERE upper(trim(dimension ->> '$.type')) = 'ENERGY'
  GROUP BY period_no
),
told AS (
  SELECT p.row_number, p.started_at, e.told_fwh, e.period_no IS NOT NULL AS has_energy,
    coalesce(lead(p.started_at) OVER (PARTITION BY p.row_number ORDER BY p.started_at),
             utc_text_to_instant(r.end_date_time)) AS ended_at
  FROM period AS p
  JOIN landed_row AS r ON r.row_number = p.row_number
  LEFT JOIN energy AS e ON e.period_no = p.period_no
),
periods AS (
  SELECT row_number,
    count(*) FILTER (WHERE started_at IS NULL OR (has_energy AND told_fwh IS NULL))  AS unread_count,
    count(*) FILTER (WHERE has_energy)                                               AS interval_count,
    CAST(sum(told_fwh) AS DECIMAL(38,0))                                             AS interval_fwh,
    max(ended_at) FILTER (WHERE told_fwh > 0)                                        AS charged_until,
    list({'started_at': started_at, 'ended_at': ended_at, 'told_fwh': told_fwh}) FILTER (WHERE has_energy)
                                                                                     AS told_interval
  FROM told
  GROUP BY row_number
)
SELECT
  r.row_number,
  upper(told(r.country_code)) || '*' || upper(told(r.party_id)) || ':' || upper(CASE
    WHEN lower(told(r.credit)) = 'true' THEN told(r.credit_reference_id) ELSE told(r.id) END) AS session_id,
  upper(told(r.country_code)) || '*' || upper(told(r.party_id))                               AS issuer,
  coalesce(lower(told(r.credit)), 'false') = 'true'                                           AS is_credit,
  upper(told(r."cdr_location.id"))                                                            AS station_id,
  upper(told(r."cdr_location.evse_uid") || '-' || told(r."cdr_location.connector_id"))        AS connector_id,
  CASE WHEN upper(told(r."cdr_location.connector_power_type")) LIKE 'AC\_%' ESCAPE '\' THEN 'AC'
       ELSE upper(told(r."cdr_location.connector_power_type")) END                            AS power_type,
  utc_text_to_instant(r.start_date_time)                                                      AS started_at,
  coalesce(p.charged_until, CASE WHEN told(r.total_parking_time) IS NULL THEN utc_text_to_instant(r.end_date_time)
    ELSE instant_of(epoch_s(utc_text_to_instant(r.end_date_time)) - hours_text_to_s(r.total_parking_time)) END)
                                                                                              AS ended_at,
  kwh_text_to_wh(r.total_energy)                                                              AS reading_wh,
  r."cdr_token.uid"                                                                           AS token_id,
  utc_text_to_instant(r.last_updated)                                                         AS revised_at,
  told(r.last_updated)                                                                        AS revised_at_text,
  true                                                                                        AS region_from_station,
  upper(told(r."cdr_location.evse_uid")) = '#NA'                                              AS is_reservation,
  lower(told(r.credit))                                                                       AS credit_text,
  told(r.credit_reference_id)                                                                 AS credit_reference,
  coalesce(p.unread_count, 0)                                                                 AS unread_count,
  coalesce(p.interval_count, 0)                                                               AS interval_count,
  p.interval_fwh,
  kwh_text_to_fwh(r.total_energy)                                                             AS total_fwh,
  p.told_interval
FROM landed_row AS r
LEFT JOIN periods AS p ON p.row_number = r.row_number
