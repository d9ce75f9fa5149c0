-- Charges of one day, one row per charge: ten on each connector one after another, the first half in China, the second in California.
SELECT i.n, 'BENCH:' || CAST(p.day AS VARCHAR) || '-' || lpad(CAST(i.n AS VARCHAR), 7, '0') AS session_id,
  CASE WHEN i.n * 2 < p.sessions THEN 'CN-GRID-EAST' ELSE 'US-CAL-CISO' END AS region,
  'STATION-' || lpad(CAST(i.n % p.connectors % 997 AS VARCHAR), 4, '0') AS station_id,
  'CONNECTOR-' || lpad(CAST(i.n % p.connectors AS VARCHAR), 7, '0') AS connector_id,
  -- 8 640 s are a tenth of a day
  epoch_s(day_start(p.day, 'UTC')) + 8640 * (i.n // p.connectors) + (i.n * 37) % 1800 AS start_s,
  1800 + (i.n * 53) % 5000 AS charging_s,
  4000 + (i.n * 7919 + p.day_number * 104729) % 30000 AS reading_wh,
  sha256_hex('user ' || CAST((i.n * 104723 + p.day_number * 7907) % p.users AS VARCHAR)) AS user_id
FROM planned_day AS p
CROSS JOIN range(p.sessions) AS i(n)
