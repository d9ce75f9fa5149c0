-- Is a day in: what should have come against what came, one row per issuer, region and vintage of the scope that has ended by the
-- clock. A total over all regions has ended where the day has ended in every zone in which its issuer delivers.
WITH joined AS (
  SELECT
    coalesce(e.issuer, r.issuer) AS issuer, coalesce(e.region, r.region) AS region, coalesce(e.vintage, r.vintage) AS vintage,
    e.expected_sessions, e.expected_wh, coalesce(e.basis, 'none') AS basis,
    coalesce(r.received_sessions, 0) AS received_sessions, coalesce(r.accepted_sessions, 0) AS accepted_sessions,
    coalesce(r.quarantined_sessions, 0) AS quarantined_sessions, coalesce(r.duplicate_rows, 0) AS duplicate_rows,
    coalesce(r.late_sessions, 0) AS late_sessions, coalesce(r.accepted_wh, 0) AS accepted_wh
  FROM delivery_expected AS e
  FULL OUTER JOIN delivery_received AS r
    ON r.issuer = e.issuer AND r.vintage = e.vintage AND r.region IS NOT DISTINCT FROM e.region
),
place AS (SELECT DISTINCT issuer, region, zone FROM session_received),
whole AS ( -- where an issuer delivers
  SELECT l.issuer, CASE WHEN COUNT(DISTINCT coalesce(g.programme, '')) = 1 THEN MIN(g.programme) END AS programme
  FROM place AS l
  LEFT JOIN programme_region AS g ON g.region = l.region
  GROUP BY l.issuer
),
judged AS (
  SELECT j.*, coalesce(g.programme, w.programme) AS programme,
    CASE WHEN j.basis <> 'none' THEN GREATEST(j.expected_sessions - j.received_sessions, 0) END AS missing_sessions,
    CASE WHEN j.basis <> 'none' THEN GREATEST(j.received_sessions - j.expected_sessions, 0) END AS surplus_sessions
  FROM joined AS j
  LEFT JOIN programme_region AS g ON g.region = j.region
  LEFT JOIN programme AS p ON p.programme = g.programme
  LEFT JOIN whole AS w ON w.issuer = j.issuer AND j.region IS NULL
  CROSS JOIN run_scope AS x
  CROSS JOIN run_clock AS k
  WHERE (j.region IS NOT NULL OR j.basis = 'control total')
    AND (x.vintage_from IS NULL OR j.vintage BETWEEN x.vintage_from AND x.vintage_until)
    AND CASE WHEN w.issuer IS NULL THEN j.vintage < local_date(k.instant, coalesce(p.zone, 'UTC'))
             ELSE NOT EXISTS (SELECT 1 FROM place AS l
                              WHERE l.issuer = j.issuer AND local_date(k.instant, l.zone) <= j.vintage) END
)
SELECT
  j.issuer, j.region, j.vintage, j.programme, j.basis,
  CAST(j.expected_sessions AS BIGINT)                                       AS expected_sessions,
  CAST(j.received_sessions AS BIGINT)                                       AS received_sessions,
  CAST(j.accepted_sessions AS BIGINT)                                       AS accepted_sessions,
  CAST(j.quarantined_sessions AS BIGINT)                                    AS quarantined_sessions,
  CAST(j.duplicate_rows AS BIGINT)                                          AS duplicate_rows,
  CAST(j.late_sessions AS BIGINT)                                           AS late_sessions,
  CAST(j.missing_sessions AS BIGINT)                                        AS missing_sessions,
  CAST(j.surplus_sessions AS BIGINT)                                        AS surplus_sessions,
  CAST(j.expected_wh AS DECIMAL(38,0))                                      AS expected_wh,
  CAST(j.accepted_wh AS DECIMAL(38,0))                                      AS accepted_wh,
  j.basis = 'control total' AND j.missing_sessions > 0
    OR j.basis = 'same weekday'
      AND j.missing_sessions * 1000 > j.expected_sessions * c.tolerated_per_mille -- 1000 per mille are the whole
      -- a number of chance deviates by about its square root
      AND j.missing_sessions * j.missing_sessions > c.chance_deviations * c.chance_deviations * j.expected_sessions AS is_short
FROM judged AS j
CROSS JOIN completeness_rule AS c
CROSS JOIN run_scope AS x
WHERE x.programme IS NULL OR j.programme IS NULL OR j.programme = x.programme
ORDER BY j.issuer, j.region NULLS FIRST, j.vintage
