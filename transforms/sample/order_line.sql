-- T/CEC 102 charge orders, one row per order: a JSON object on one line. Figures are written digit by digit; details are cut at
-- every hour, or where a price period begins, and sum to what they should.
WITH cut AS (
  SELECT *, ended_s - started_s AS length_s, list_extract([100, 10, 1], decimals) AS unit_wh,
    CASE WHEN is_without_details THEN []
         ELSE [started_s]
           || CASE WHEN is_single THEN [] ELSE
                [hour * 3600 FOR hour IN range(started_s // 3600 + 1, (ended_s + 3599) // 3600)
                 IF is_hourly OR list_contains([0, 7, 10, 15, 18, 21, 23], hour % 24)] END
           || [ended_s] END AS edges
  FROM delivered
),
detailed AS (
  SELECT *, greatest(len(edges) - 1, 0) AS intervals,
    array_to_string([
      '{"DetailStartTime":"' || local_text(edges[i] - CASE WHEN how = 'details_outside' THEN 600 ELSE 0 END)
      || CASE WHEN how = 'end_key' THEN '","DetailStartTime":"' ELSE '","DetailEndTime":"' END
      || local_text(edges[i + 1] - CASE WHEN how = 'details_outside' THEN 600 ELSE 0 END)
      || '","DetailPower":' || wh_to_kwh_text((counted(details_wh // unit_wh, edges[i + 1] - started_s, length_s)
                                             - counted(details_wh // unit_wh, edges[i] - started_s, length_s)) * unit_wh, decimals)
      || ',"ElecPrice":' || fen_to_yuan_text(price_fen - 40) || ',"SevicePrice":0.40}'
      FOR i IN range(1, len(edges))], ',') AS details
  FROM cut
)
SELECT
  '{"StartChargeSeq":"' || coalesce(issuer || order_number, '')
  || '","ConnectorID":"' || connector_id
  || '","StartTime":"' || local_text(started_s)
  || '","EndTime":"' || CASE WHEN how = 'end_text' THEN '2026-02-30 14:10:00' ELSE local_text(ended_s) END
  || CASE WHEN how = 'energy_text' THEN '","TotalPower":"n/a"' ELSE '","TotalPower":' || wh_to_kwh_text(energy_wh, decimals) END
  || ',"TotalElecMoney":' || fen_to_yuan_text(energy_wh * (price_fen - 40) // 1000)
  || ',"TotalSeviceMoney":' || fen_to_yuan_text(energy_wh * 40 // 1000)
  || ',"TotalMoney":' || fen_to_yuan_text(energy_wh * (price_fen - 40) // 1000 + energy_wh * 40 // 1000)
  || ',"StopReason":' || CAST(stop_reason AS VARCHAR)
  || CASE WHEN how = 'sub_period' THEN ',"SubPeriod":' ELSE ',"SumPeriod":' END || CAST(intervals AS VARCHAR)
  || ',"ChargeDetails":[' || coalesce(details, '') || ']'
  || CASE WHEN tells_vin THEN ',"Vin":"SYNTHETIC' || lpad(CAST(account_no AS VARCHAR), 8, '0') || '"' ELSE '' END
  || '}' AS line
FROM detailed
