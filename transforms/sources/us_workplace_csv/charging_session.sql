-- Sessions of the workplace file, one row per row of the file; where they were charged, and by what, the file does not tell.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."sessionId"))               AS session_id,
  upper(c.issuer)                                                    AS issuer,
  upper(told(r."stationId"))                                         AS station_id,
  wall_text_to_instant(r."created", '%Y-%m-%d %H:%M:%S', c.zone)     AS started_at,
  wall_text_to_instant(r."ended", '%Y-%m-%d %H:%M:%S', c.zone)       AS ended_at,
  kwh_text_to_wh(r."kwhTotal")                                       AS reading_wh,
  told(r."ended") IS NULL                                            AS is_open
FROM landed_row AS r
CROSS JOIN source_constant AS c
