-- Sessions of the Norwegian charging reports, one row per row of the file: decimal comma, wall time, NA where the car is still there.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r.session_id))                      AS session_id,
  upper(c.issuer)                                                          AS issuer,
  c.region                                                                 AS region,
  c.power_type                                                             AS power_type,
  c.metering_point                                                         AS metering_point,
  wall_text_to_instant(r.plugin_time, '%Y-%m-%d %H:%M:%S', c.zone)         AS started_at,
  wall_text_to_instant(r.plugout_time, '%Y-%m-%d %H:%M:%S', c.zone)        AS ended_at,
  kwh_text_to_wh(comma_text_to_point(r.energy_session))                    AS reading_wh,
  coalesce(told(r.plugout_time), 'NA') = 'NA'                              AS is_open
FROM landed_row AS r
CROSS JOIN source_constant AS c
