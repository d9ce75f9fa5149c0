-- The same charges in the columns of the canonical session_csv and session_parquet, one row per telling, all text. Where the
-- station is unknown the row leaves open what a station tells.
SELECT
  issuer AS operator,
  order_number,
  CAST(NULL AS VARCHAR) AS revised_at,
  CASE WHEN told_as <> 'no_owner' THEN account_text(account_no) END AS account,
  CAST(NULL AS VARCHAR) AS token,
  connector_id AS station_id,
  connector_id,
  CASE WHEN how <> 'strange_connector' THEN region END AS region,
  CASE WHEN how <> 'strange_connector' THEN power_type END AS power_type,
  CASE WHEN how <> 'strange_connector' THEN metering_point END AS metering_point,
  CASE WHEN how <> 'strange_connector' THEN CAST(rated_kw AS VARCHAR) END AS rated_kw,
  beijing_text(started_s) AS started_at,
  CASE WHEN how = 'end_text' THEN '2026-02-30T14:10:00+08:00' ELSE beijing_text(ended_s) END AS ended_at,
  CASE WHEN how = 'energy_text' THEN 'n/a' ELSE wh_to_kwh_text(energy_wh, decimals) END AS energy_kwh
FROM delivered
