-- Charge orders of T/CEC 102, one row per order: the order number begins with its issuer, times are local, energy in kWh. An order
-- names its connector alone, which is therefore its own station here and in tcec_station.
WITH detail AS (
  SELECT row_number, row_number() OVER () AS detail_no, detail
  FROM (SELECT row_number, unnest(json_list("ChargeDetails")) AS detail FROM landed_row) AS listed
),
-- Some send the end of a detail under the key of its start: the second value of that key is the end.
moment AS (
  SELECT d.detail_no,
    list(m.value ->> '$' ORDER BY m.id) FILTER (WHERE m.key = 'DetailStartTime') AS starts,
    list(m.value ->> '$' ORDER BY m.id) FILTER (WHERE m.key = 'DetailEndTime')   AS ends
  FROM detail AS d, json_each(d.detail) AS m
  GROUP BY d.detail_no
),
told AS (
  SELECT d.row_number,
    local_text_to_instant(m.starts[1], '%Y-%m-%d %H:%M:%S', c.zone)                          AS started_at,
    local_text_to_instant(coalesce(m.ends[1], m.starts[2]), '%Y-%m-%d %H:%M:%S', c.zone)     AS ended_at,
    kwh_text_to_fwh(d.detail ->> '$.DetailPower')                                            AS told_fwh
  FROM detail AS d
  JOIN moment AS m ON m.detail_no = d.detail_no
  CROSS JOIN source_constant AS c
),
details AS (
  SELECT row_number,
    count(*) FILTER (WHERE told_fwh IS NULL)                                                 AS unread_count,
    count(*)                                                                                 AS interval_count,
    CAST(sum(told_fwh) AS DECIMAL(38,0))                                                     AS interval_fwh,
    list({'started_at': started_at, 'ended_at': ended_at, 'told_fwh': told_fwh})             AS told_interval
  FROM told
  GROUP BY row_number
),
numbered AS (
  SELECT *, CASE WHEN regexp_full_match(told("StartChargeSeq"), '[A-Za-z0-9]{27}') THEN upper(told("StartChargeSeq")) END AS seq
  FROM landed_row
)
SELECT
  r.row_number,
  r.seq[:9] || ':' || r.seq[10:]                                         AS session_id,
  r.seq[:9]                                                              AS issuer,
  upper(told(r."ConnectorID"))                                           AS station_id,
  upper(told(r."ConnectorID"))                                           AS connector_id,
  local_text_to_instant(r."StartTime", '%Y-%m-%d %H:%M:%S', c.zone)      AS started_at,
  local_text_to_instant(r."EndTime", '%Y-%m-%d %H:%M:%S', c.zone)        AS ended_at,
  kwh_text_to_wh(r."TotalPower")                                         AS reading_wh,
  true                                                                   AS region_from_station,
  coalesce(told(r."SumPeriod"), told(r."SubPeriod"), '0')                AS period_count_text,
  coalesce(d.unread_count, 0)                                            AS unread_count,
  coalesce(d.interval_count, 0)                                          AS interval_count,
  d.interval_fwh,
  kwh_text_to_fwh(r."TotalPower")                                        AS total_fwh,
  d.told_interval
FROM numbered AS r
CROSS JOIN source_constant AS c
LEFT JOIN details AS d ON d.row_number = r.row_number
