-- Control totals of T/CEC checks, one row per row of the file: an issuer's whole day of Beijing time, a count, energy in kWh.
WITH told_check AS (
  SELECT r.*, told(r."TotalOrderPower") AS energy_text, upper(told(r."CheckOrderSeq")) AS seq,
    local_text_to_instant(r."StartTime", '%Y-%m-%d %H:%M:%S', c.zone) AS started_at,
    local_text_to_instant(r."EndTime", '%Y-%m-%d %H:%M:%S', c.zone)   AS ended_at,
    c.zone
  FROM landed_row AS r
  CROSS JOIN source_constant AS c
)
SELECT
  row_number,
  CASE WHEN regexp_full_match(seq, '[0-9A-Z]{27}') THEN substr(seq, 1, 9) END AS issuer,
  local_date(started_at, zone)                                                AS day,
  count_text_to_integer("OrderCount")                                         AS sessions,
  kwh_text_to_wh(energy_text)                                                 AS energy_wh,
  energy_text,
  started_at = day_start(local_date(started_at, zone), zone)
    AND epoch_s(ended_at) - epoch_s(started_at) IN (86399, 86400)             AS is_whole_day -- seconds of a day
FROM told_check
