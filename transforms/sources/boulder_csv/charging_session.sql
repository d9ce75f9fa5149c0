-- Sessions of Boulder's older columns, one row per row of the file: the day of one column, the time of day of another, and minutes.
WITH read AS (
  SELECT
    r.*,
    wall_text_to_instant(split_part(told(r."Transaction_Date"), ' ', 1) || ' ' || split_part(told(r."Transaction_Start_Time"), ' ', 2),
                         '%Y/%m/%d %H:%M:%S+00', c.zone)         AS started_at,
    nullif(told(r."Charging_Time__minutes_"), '-')               AS minutes
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
)
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."ObjectId"))            AS session_id,
  upper(c.issuer)                                                AS issuer,
  c.region                                                       AS region,
  upper(told(r."Station_Name"))                                  AS station_id,
  c.power_type                                                   AS power_type,
  c.metering_point                                               AS metering_point,
  r.started_at                                                   AS started_at,
  r.started_at + to_seconds(minutes_text_to_s(r.minutes))        AS ended_at,
  kwh_text_to_wh(r."Energy__kWh_")                               AS reading_wh,
  r.minutes IS NULL                                              AS is_open
FROM read AS r
CROSS JOIN source_constant AS c
