-- Hours that a traced session touches, one row per session and hour, with the factor that what stands for it rests on, and its origin;
-- empty where there was none. Where nothing is assessed it is the factor known last.
WITH standing AS (
  SELECT session_id, region, methodology, energy_wh, ledger_version,
    row_number() OVER (PARTITION BY session_id ORDER BY ledger_version DESC) AS place
  FROM session_state_log
  WHERE state <> 'awaiting approval' AND methodology IS NOT NULL
),
spanned AS (
  SELECT s.session_id, p.region, p.methodology, CASE WHEN p.energy_wh IS NOT NULL THEN p.ledger_version END AS ledger_version,
    unnest(range(CAST(int_div(epoch_s(s.started_at), 3600) AS BIGINT), CAST(int_div(epoch_s(s.ended_at) - 1, 3600) AS BIGINT) + 1)) AS hour_number -- 3600 s are an hour
  FROM session_scope AS s
  JOIN standing AS p ON p.session_id = s.session_id AND p.place = 1
),
known AS (
  SELECT t.session_id, t.region, instant_of(t.hour_number * 3600) AS hour_start, -- 3600 s are an hour
    i.intensity_ug_per_kwh, i.factor_origin, i.provisional_until,
    row_number() OVER (PARTITION BY t.session_id, t.hour_number ORDER BY i.ledger_version DESC NULLS LAST) AS place
  FROM spanned AS t
  LEFT JOIN grid_intensity_state_log AS i
    ON i.methodology = t.methodology AND i.region = t.region AND i.hour_start = instant_of(t.hour_number * 3600) -- 3600 s are an hour
    AND (t.ledger_version IS NULL OR i.ledger_version <= t.ledger_version)
)
SELECT session_id, region, hour_start, intensity_ug_per_kwh, factor_origin, provisional_until
FROM known
WHERE place = 1
ORDER BY session_id, hour_start
