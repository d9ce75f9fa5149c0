-- What is known of a connector from a day on, one row per issuer, station, connector and first day: the telling that landed last.
WITH told AS (
  SELECT s.*, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY s.issuer, s.station_id, s.connector_id, s.valid_from
                       ORDER BY b.landing_seq DESC, s.row_number DESC) AS place
  FROM charging_station AS s
  JOIN staged_batch AS b ON b.landing_digest = s.landing_digest
)
SELECT issuer, station_id, connector_id, valid_from, operator_id, region, county_code, power_type, rated_w, metering_point, batch_seq
FROM told
WHERE place = 1
