-- What is booked in a month, one row per programme, month, kind and reason of entries.
SELECT
  programme, period, kind, reason,
  CAST(SUM(entries) AS BIGINT)                           AS entries,
  CAST(SUM(points) AS BIGINT)                            AS points,
  CAST(SUM(emission_reductions_ng) AS DECIMAL(38,0))     AS emission_reductions_ng,
  CAST(SUM(not_awarded_ng) AS DECIMAL(38,0))             AS not_awarded_ng,
  CAST(SUM(clamped_ng) AS DECIMAL(38,0))                 AS clamped_ng,
  CAST(SUM(rounding_ng) AS DECIMAL(38,0))                AS rounding_ng,
  CAST(SUM(capped_ng) AS DECIMAL(38,0))                  AS capped_ng
FROM entry_tally_log
GROUP BY programme, period, kind, reason
