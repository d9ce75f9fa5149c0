-- The same calculation with nothing around it: raw Parquet in, the columns that readers get out. No contract, no history, no digest.
CREATE TABLE told AS
SELECT upper(operator) || ':' || order_number AS session_id, sha256(account) AS user_id, region, power_type, metering_point,
  CAST(floor(CAST(rated_kw AS DECIMAL(38,18)) * 1000) AS BIGINT) AS rated_w,
  CAST(floor(CAST(energy_kwh AS DECIMAL(38,18)) * 1000) AS BIGINT) AS reading_wh,
  epoch(CAST(started_at AS TIMESTAMPTZ))::BIGINT AS start_s, epoch(CAST(ended_at AS TIMESTAMPTZ))::BIGINT AS end_s,
  CAST(timezone('Asia/Shanghai', CAST(ended_at AS TIMESTAMPTZ)) AS DATE) AS vintage
FROM read_parquet(getvariable('files'));

CREATE TABLE hour_of AS
SELECT session_id, region, hour,
  reading_wh * (least(end_s, (hour + 1) * 3600) - start_s) // (end_s - start_s)
  - reading_wh * (greatest(start_s, hour * 3600) - start_s) // (end_s - start_s) AS wh
FROM (SELECT *, unnest(range(start_s // 3600, (end_s - 1) // 3600 + 1)) AS hour FROM told);

CREATE TABLE intensity AS SELECT DISTINCT region, hour, getvariable('factor')::BIGINT AS ug_per_kwh FROM hour_of;

CREATE TABLE session_assessment AS
WITH drawn AS (
  SELECT session_id, sum(wh::HUGEINT * ug_per_kwh) AS ng FROM hour_of JOIN intensity USING (region, hour) GROUP BY session_id
),
assessed AS (
  SELECT t.*, CASE WHEN metering_point = 'dc_output' THEN reading_wh ELSE reading_wh * p.efficiency // 1000 END AS energy_wh,
    CASE WHEN metering_point = 'dc_output' THEN (d.ng * 1000 + p.efficiency - 1) // p.efficiency ELSE d.ng END AS project_ng,
    p.baseline::HUGEINT AS baseline
  FROM told AS t JOIN drawn AS d USING (session_id) JOIN parameter AS p USING (power_type)
)
SELECT session_id, user_id, vintage, region, energy_wh, CAST(energy_wh * baseline AS DECIMAL(38,0)) AS baseline_emissions_ng,
  CAST(project_ng AS DECIMAL(38,0)) AS project_emissions_ng,
  CAST(energy_wh * baseline - project_ng AS DECIMAL(38,0)) AS emission_reductions_ng,
  CASE WHEN energy_wh BETWEEN 500 AND 200000 AND end_s - start_s <= 172800
         AND NOT coalesce(reading_wh::HUGEINT * 3600000 > rated_w::HUGEINT * 1050 * (end_s - start_s), false)
         AND energy_wh * baseline > project_ng
       THEN CAST((energy_wh * baseline - project_ng) // 1000000000 AS BIGINT) ELSE 0 END AS points
FROM assessed;
