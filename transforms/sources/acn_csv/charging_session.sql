-- Sessions of the ACN export, one row per row of the file: the charging window, energy in kWh, times in UTC without zone.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."Session"))                               AS session_id,
  upper(c.issuer)                                                                  AS issuer,
  c.region                                                                         AS region,
  upper(told(r."ChargingStation"))                                                        AS station_id,
  c.power_type                                                                     AS power_type,
  c.metering_point                                                                 AS metering_point,
  local_text_to_instant(r."ChargingStartDateTime", '%Y-%m-%d %H:%M:%S', c.zone) AS started_at,
  local_text_to_instant(r."ChargingEndDateTime", '%Y-%m-%d %H:%M:%S', c.zone)   AS ended_at,
  kwh_text_to_wh(r."Energy")                                                       AS reading_wh
FROM landed_row AS r
CROSS JOIN source_constant AS c
