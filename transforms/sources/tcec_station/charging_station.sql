-- Connectors of T/CEC 102 stations, one row per connector; a station without connectors tells nothing. An order names its connector
-- alone, so that each connector is its own station. The county tells the grid, the longest prefix of its code first.
SELECT
  r.row_number,
  upper(coalesce(told(c.orders_of), told(r."OperatorID")))                                     AS issuer,
  upper(told(r."EquipmentInfos.ConnectorInfos.ConnectorID"))                                   AS station_id,
  upper(told(r."EquipmentInfos.ConnectorInfos.ConnectorID"))                                   AS connector_id,
  iso_text_to_instant(c.valid_from)                                                            AS valid_from,
  upper(told(r."OperatorID"))                                                                  AS operator_id,
  (SELECT max_by(g.region, length(g.area_prefix)) FROM province_grid AS g
   WHERE starts_with(told(r."AreaCode"), g.area_prefix))                                       AS region,
  told(r."AreaCode")                                                                           AS county_code,
  CASE WHEN told(r."EquipmentInfos.ConnectorInfos.ConnectorType") IN ('1', '2', '3') THEN 'AC'
       WHEN told(r."EquipmentInfos.ConnectorInfos.ConnectorType") = '4' THEN 'DC' END          AS power_type,
  kw_text_to_w(r."EquipmentInfos.ConnectorInfos.Power")                                        AS rated_w,
  told(r."EquipmentInfos.ConnectorInfos.Power")                                                AS rated_power_text,
  CASE WHEN told(r."EquipmentInfos.ConnectorInfos.ConnectorType") IN ('1', '2', '3') THEN 'ac_input' ELSE 'unknown' END
                                                                                               AS metering_point,
  c.zone                                                                                       AS time_zone,
  CASE told(r."StationType") WHEN '1' THEN 'public' WHEN '50' THEN 'private' ELSE 'unknown' END AS access
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE told(r."EquipmentInfos.ConnectorInfos.ConnectorID") IS NOT NULL
