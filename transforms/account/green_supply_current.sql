-- Green supply as it was told last, one row per supply and hour.
WITH told AS (
  SELECT s.*, b.batch_seq,
    ROW_NUMBER() OVER (PARTITION BY s.supply_id, s.hour_start ORDER BY b.landing_seq DESC, s.row_number DESC) AS place
  FROM green_supply_hour AS s
  JOIN staged_batch AS b ON b.landing_digest = s.landing_digest
)
SELECT supply_id, supply_kind, scope_kind, scope_id, operator_id, station_id, region, hour_start, generated_wh, to_battery_wh,
  exported_wh, available_wh, charged_wh, charged_from_pv_wh, round_trip_per_mille, has_no_transfer_declaration, contract_id, batch_seq
FROM told
WHERE place = 1
