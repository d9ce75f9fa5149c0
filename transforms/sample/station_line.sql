-- The stations as T/CEC 102 tells them, one row per station: a JSON object on one line, one connector to an equipment.
SELECT
  '{"StationID":"' || station_id || '","OperatorID":"' || operator_id || '","EquipmentOwnerID":"' || operator_id
  || '","StationName":"SYNTHETIC ' || station_id || '","CountryCode":"CN","AreaCode":"' || county_code
  || '","StationType":' || CASE access WHEN 'private' THEN '50' ELSE '1' END
  || ',"StationStatus":50,"Construction":' || CASE access WHEN 'private' THEN '1' ELSE '9' END
  || ',"EquipmentInfos":['
  || array_to_string([
       '{"EquipmentID":"' || station_id || lpad(CAST(i AS VARCHAR), 2, '0') || 'E'
       || '","EquipmentType":' || CASE power_type WHEN 'DC' THEN '1' ELSE '2' END
       || ',"ConnectorInfos":[{"ConnectorID":"' || station_id || lpad(CAST(i AS VARCHAR), 2, '0')
       || '","ConnectorType":' || CASE power_type WHEN 'DC' THEN '4' ELSE CAST(2 + (mark + i) % 2 AS VARCHAR) END
       || ',"VoltageUpperLimits":' || CASE power_type WHEN 'DC' THEN '750' ELSE '220' END
       || ',"VoltageLowerLimits":' || CASE power_type WHEN 'DC' THEN '200' ELSE '220' END
       || ',"Power":' || CAST(rated_kw AS VARCHAR) || '.0,"NationalStandard":2}]}'
       FOR i IN range(connectors)], ',')
  || ']}' AS line
FROM place
ORDER BY station_id
