-- Invented certificates, one row per certificate of 1 MWh: as many whole ones as the contracts gave in a month; two in ten are
-- not retired. For later use: no source reads them yet.
WITH produced AS (
  SELECT supply_id, beneficiary, left(hour_start, 7) AS production_month,
    CAST(sum(CAST(replace(energy_kwh, '.', '') AS BIGINT)) // 1000000 AS BIGINT) AS certificates -- Wh in a MWh
  FROM green_supply_row
  WHERE kind = 'contract'
  GROUP BY ALL
),
numbered AS (SELECT *, unnest(range(certificates)) AS place FROM produced)
SELECT 'SYNTHETIC-REGISTRY' AS registry,
  supply_id || '-' || production_month || '-' || lpad(CAST(place + 1 AS VARCHAR), 7, '0') AS serial,
  production_month,
  1 AS energy_mwh,
  CASE WHEN place % 10 < 8 THEN beijing_text(day_start_s(a.first_day) + (a.days + 30) * 86400) END AS retired_at,
  CASE WHEN place % 10 < 8 THEN 'SYNTHETIC-RETIREMENT-' || production_month || '-' || beneficiary END AS retirement_reference,
  beneficiary
FROM numbered
CROSS JOIN asked AS a
ORDER BY serial
