-- The station that tells what a session does not, one row per lineage whose station is known: its connector's own telling before
-- that of the whole station, and of these the last that holds at the start of charging.
WITH told AS (
  SELECT s.session_id, t.operator_id, t.station_id, t.region, t.county_code, t.power_type, t.rated_w, t.metering_point, t.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY s.session_id
                       ORDER BY CASE WHEN t.connector_id = s.connector_id THEN 0 ELSE 1 END, t.valid_from DESC, t.station_id) AS place
  FROM session_current AS s
  JOIN charging_station_current AS t
    ON t.issuer = s.issuer
    AND (t.station_id = s.station_id OR (s.station_id IS NULL AND t.connector_id <> '*'))
    AND (t.connector_id = s.connector_id OR t.connector_id = '*')
    AND t.valid_from <= s.started_at
)
SELECT session_id, operator_id, station_id, region, county_code, power_type, rated_w, metering_point, batch_seq,
  place_digest(region, power_type, metering_point, rated_w, county_code) AS station_digest
FROM told
WHERE place = 1
