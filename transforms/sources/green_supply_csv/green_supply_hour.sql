-- Green supply of the canonical CSV, one row per row of the file: energy in kWh, an hour without offset in the zone of the definition.
WITH told_row AS (
  SELECT r.*, c.zone,
    kwh_text_to_fwh(r.generated_kwh)                       AS generated_fwh,
    kwh_text_to_fwh(r.to_battery_kwh)                      AS to_battery_fwh,
    kwh_text_to_fwh(r.exported_kwh)                        AS exported_fwh,
    kwh_text_to_fwh(r.charged_kwh)                         AS charged_fwh,
    kwh_text_to_fwh(r.charged_from_pv_kwh)                 AS charged_from_pv_fwh
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
),
figure AS (
  SELECT *, generated_fwh - coalesce(to_battery_fwh, 0) - coalesce(exported_fwh, 0) AS available_fwh,
    least(generated_fwh, to_battery_fwh, exported_fwh, charged_fwh, charged_from_pv_fwh) AS least_fwh,
    coalesce(
      CASE WHEN generated_fwh IS NULL THEN told(generated_kwh) END,
      CASE WHEN to_battery_fwh IS NULL THEN told(to_battery_kwh) END,
      CASE WHEN exported_fwh IS NULL THEN told(exported_kwh) END,
      CASE WHEN charged_fwh IS NULL THEN told(charged_kwh) END,
      CASE WHEN charged_from_pv_fwh IS NULL THEN told(charged_from_pv_kwh) END) AS unread_text
  FROM told_row
)
SELECT
  row_number,
  upper(told(supply_id))                                                    AS supply_id,
  told(kind)                                                                AS supply_kind,
  told(scope_kind)                                                          AS scope_kind,
  CASE WHEN told(scope_kind) = 'programme' THEN told(scope_id) ELSE upper(told(scope_id)) END AS scope_id,
  upper(told(operator))                                                     AS operator_id,
  CASE WHEN told(scope_kind) = 'station' THEN upper(told(scope_id)) END     AS station_id,
  told(region)                                                              AS region,
  iso_text_to_instant_in(hour_start, zone)                                  AS hour_start,
  iso_text_to_local(hour_start) IS NULL OR occurs_once(iso_text_to_local(hour_start), zone) AS is_clear,
  fwh_to_wh(generated_fwh)                                                  AS generated_wh,
  fwh_to_wh(to_battery_fwh)                                                 AS to_battery_wh,
  fwh_to_wh(exported_fwh)                                                   AS exported_wh,
  fwh_to_wh(available_fwh)                                                  AS available_wh,
  fwh_to_wh(charged_fwh)                                                    AS charged_wh,
  fwh_to_wh(charged_from_pv_fwh)                                            AS charged_from_pv_wh,
  count_text_to_integer(round_trip_per_mille)                               AS round_trip_per_mille,
  truth_text_to_boolean(no_transfer_declared)                               AS has_no_transfer_declaration,
  upper(told(contract_id))                                                  AS contract_id,
  available_fwh, least_fwh, charged_fwh, charged_from_pv_fwh, unread_text,
  told(round_trip_per_mille)                                                AS round_trip_text,
  told(no_transfer_declared)                                                AS declaration_text
FROM figure
