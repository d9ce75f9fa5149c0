-- Stations of the canonical CSV, one row per row of the file: instants carry their offset, power in kW; no connector is every connector.
SELECT
  r.row_number,
  upper(coalesce(told(r.issuer), told(r.operator))) AS issuer,
  upper(told(r.station_id))                         AS station_id,
  coalesce(upper(told(r.connector_id)), '*')        AS connector_id,
  iso_text_to_instant(r.valid_from)                 AS valid_from,
  upper(told(r.operator))                           AS operator_id,
  told(r.region)                                    AS region,
  told(r.county_code)                               AS county_code,
  told(r.power_type)                                AS power_type,
  kw_text_to_w(r.rated_kw)                          AS rated_w,
  coalesce(told(r.metering_point), 'unknown')       AS metering_point,
  told(r.meter_class)                               AS meter_class,
  told(r.time_zone)                                 AS time_zone,
  coalesce(told(r.access), 'unknown')               AS access,
  told(r.rated_kw)                                  AS rated_power_text
FROM landed_row AS r
