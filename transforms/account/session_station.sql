-- The station that tells what a session does not, one row per lineage whose station is known: its connector's own telling before
-- that of the whole station, and of these the last that holds at the start of charging.
WITH asked AS (
  SELECT session_id, issuer, station_id, connector_id, started_at, 0 AS own_order FROM session_current WHERE connector_id IS NOT NULL
  UNION ALL
  SELECT session_id, issuer, station_id, '*', started_at, 1 FROM session_current WHERE station_id IS NOT NULL
),
found AS (
  SELECT a.session_id, a.own_order, t.*
  FROM asked AS a
  JOIN charging_station_current AS t
    ON t.issuer = a.issuer AND t.station_id = a.station_id AND t.connector_id = a.connector_id AND t.valid_from <= a.started_at
  UNION ALL -- where a session does not tell its station, its connector alone does
  SELECT a.session_id, a.own_order, t.*
  FROM asked AS a
  JOIN charging_station_current AS t ON t.issuer = a.issuer AND t.connector_id = a.connector_id AND t.valid_from <= a.started_at
  WHERE a.station_id IS NULL AND a.connector_id <> '*'
),
told AS (
  SELECT f.*, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY own_order, valid_from DESC, station_id) AS place
  FROM found AS f
)
SELECT session_id, operator_id, station_id, region, county_code, power_type, rated_w, metering_point, batch_seq,
  place_digest(region, power_type, metering_point, rated_w, county_code) AS station_digest
FROM told
WHERE place = 1
