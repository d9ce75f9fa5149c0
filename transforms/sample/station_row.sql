-- The connectors in the columns of station_csv, one row per connector and party that names it: the operator, and the aggregator
-- those that it tells charges of. A T/CEC order names a connector and no station: each connector is its own station.
WITH connector AS (
  SELECT *, station_id || lpad(CAST(unnest(range(connectors)) AS VARCHAR), 2, '0') AS connector_id FROM place
),
named AS (
  SELECT operator_id AS issuer, c.* FROM connector AS c
  UNION ALL
  SELECT a.aggregator_id, c.*
  FROM connector AS c
  JOIN (SELECT DISTINCT connector_id FROM aggregated_telling) AS g ON g.connector_id = c.connector_id
  CROSS JOIN asked AS a
)
SELECT operator_id AS operator, issuer, connector_id AS station_id, connector_id, '2025-01-01T00:00:00+08:00' AS valid_from,
  region, county_code, power_type, CAST(rated_kw AS VARCHAR) AS rated_kw, metering_point, meter_class,
  'Asia/Shanghai' AS time_zone, access
FROM named
ORDER BY issuer, connector_id
