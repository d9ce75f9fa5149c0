-- What arrived of a day, one row per issuer, region and vintage, and one per issuer and vintage over all regions, its region empty.
WITH arrived AS (
  SELECT r.*, epoch_s(r.first_landed_at) - epoch_s(day_start(date_add_days(r.vintage, 1), r.zone)) > c.late_after_s AS is_late
  FROM session_received AS r
  CROSS JOIN completeness_rule AS c
),
counted AS (
  SELECT
    issuer, region, vintage,
    COUNT(*)                                                                              AS received_sessions,
    COUNT(*) FILTER (WHERE NOT is_refused)                                                AS accepted_sessions,
    COUNT(*) FILTER (WHERE is_refused)                                                    AS quarantined_sessions,
    SUM(duplicate_rows)                                                                   AS duplicate_rows,
    COUNT(*) FILTER (WHERE is_late)                                                       AS late_sessions,
    SUM(CASE WHEN is_refused THEN 0 ELSE wide(reading_wh) END)                            AS accepted_wh
  FROM arrived
  GROUP BY issuer, region, vintage
)
SELECT * FROM counted
UNION ALL
SELECT issuer, NULL, vintage, SUM(received_sessions), SUM(accepted_sessions), SUM(quarantined_sessions), SUM(duplicate_rows),
  SUM(late_sessions), SUM(accepted_wh)
FROM counted
GROUP BY issuer, vintage
