-- Sessions of the canonical CSV, one row per row of the file: instants carry their offset, energy in kWh, power in kW.
SELECT
  r.row_number,
  upper(told(r.operator)) || ':' || upper(told(r.order_number)) AS session_id,
  upper(told(r.operator))                                       AS issuer,
  CASE WHEN lower(told(r.is_credit)) = 'true' THEN true END     AS is_credit,
  lower(told(r.is_credit))                                      AS credit_text,
  told(r.region)                                                AS region,
  upper(told(r.station_id))                                     AS station_id,
  upper(told(r.connector_id))                                   AS connector_id,
  told(r.power_type)                                            AS power_type,
  CASE WHEN told(r.region) IS NULL THEN told(r.metering_point)
       ELSE coalesce(told(r.metering_point), 'unknown') END     AS metering_point,
  kw_text_to_w(r.rated_kw)                                      AS rated_w,
  iso_text_to_instant(r.started_at)                             AS started_at,
  iso_text_to_instant(r.ended_at)                               AS ended_at,
  kwh_text_to_wh(r.energy_kwh)                                  AS reading_wh,
  lower(told(r.vehicle_class))                                  AS vehicle_class,
  r.token                                                       AS token_id,
  iso_text_to_instant(r.revised_at)                             AS revised_at,
  told(r.revised_at)                                            AS revised_at_text,
  told(r.rated_kw)                                              AS rated_power_text,
  told(r.ended_at) IS NULL                                      AS is_open,
  told(r.region) IS NULL                                        AS region_from_station
FROM landed_row AS r
