-- Invented certificates in the columns of certificate_csv, one row per certificate of 1 MWh: as many whole ones as the contracts gave
-- in a month. Of five, three are retired, one is used for a quota, one is held. No registry issues and retires within days: this one does.
WITH produced AS (
  SELECT contract_id, scope_id, region, left(hour_start, 7) AS production_month,
    CAST(sum(CAST(replace(generated_kwh, '.', '') AS BIGINT)) // 1000000 AS BIGINT) AS certificates -- Wh in a MWh
  FROM green_supply_row
  WHERE kind = 'contract'
  GROUP BY ALL
),
listed AS (SELECT *, unnest(range(1, certificates + 1)) AS place FROM produced),
numbered AS (SELECT *, row_number() OVER (ORDER BY contract_id, production_month, place) - 1 AS no FROM listed)
SELECT 'SYNTHETIC-REGISTRY' AS registry,
  contract_id || '-' || production_month || '-' || lpad(CAST(place AS VARCHAR), 7, '0') AS serial,
  contract_id, production_month, region, 1 AS energy_mwh, scope_id AS beneficiary,
  CASE WHEN no % 5 < 3 THEN beijing_text(day_start_s(a.first_day) + (a.days + 1) * 86400 + 43200) END AS retired_at, -- noon
  CASE WHEN no % 5 < 3 THEN 'SYNTHETIC-RETIREMENT-' || production_month || '-' || scope_id END AS retirement_reference,
  last_day(CAST(production_month || '-01' AS DATE) + INTERVAL 2 YEAR) AS expires_on,
  false AS linked_to_credits, no % 5 = 3 AS used_for_quota, false AS revoked
FROM numbered
CROSS JOIN asked AS a
ORDER BY serial
