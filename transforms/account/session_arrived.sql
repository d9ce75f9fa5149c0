-- Lineages of the scope of which an input arrived since the last run that covered their vintage, or of which a deadline has passed,
-- one row per lineage. What rests on an estimate or stands in for a missing hour looks at the hours before it, too.
WITH in_scope AS (
  SELECT l.*, m.missing_hour_deadline_s,
    -- 3600 s are an hour
    3600 * (1 + CASE WHEN l.provisional_until IS NOT NULL OR l.other_basis_until IS NOT NULL OR l.prior_state = 'awaiting grid'
                     THEN coalesce(m.fallback_window_h, 0) ELSE 0 END) AS looks_back_s
  FROM session_lineage AS l
  CROSS JOIN run_scope AS x
  LEFT JOIN methodology_reach AS m ON m.methodology = l.methodology
  WHERE l.programme = '-' -- outside every programme, or only ever refused: every run says so
     OR ((x.programme IS NULL OR l.programme = x.programme)
         AND (x.vintage_from IS NULL OR l.vintage BETWEEN x.vintage_from AND x.vintage_until))
     OR ((x.programme IS NULL OR l.prior_programme = x.programme)
         AND (x.vintage_from IS NULL OR l.prior_vintage BETWEEN x.vintage_from AND x.vintage_until))
),
seen AS (
  SELECT l.session_id, MAX(w.batch_seq) AS batch_seq
  FROM in_scope AS l
  JOIN watermark AS w
    ON w.programme = l.programme
    AND (w.vintage_from IS NULL OR l.vintage BETWEEN w.vintage_from AND w.vintage_until)
  GROUP BY l.session_id
),
changed_hour AS (
  SELECT region, hour_start, MAX(batch_seq) AS batch_seq
  FROM grid_mix_current
  WHERE batch_seq > (SELECT MIN(batch_seq) FROM seen)
  GROUP BY region, hour_start
)
SELECT l.session_id
FROM in_scope AS l
LEFT JOIN seen AS s ON s.session_id = l.session_id
WHERE l.last_batch_seq > coalesce(s.batch_seq, 0)
UNION
SELECT l.session_id
FROM in_scope AS l
JOIN seen AS s ON s.session_id = l.session_id
JOIN changed_hour AS c
  ON c.region = l.region AND c.batch_seq > s.batch_seq
  AND epoch_s(c.hour_start) < epoch_s(l.ended_at)
  AND epoch_s(c.hour_start) + l.looks_back_s > epoch_s(l.started_at)
UNION
SELECT l.session_id
FROM in_scope AS l
CROSS JOIN run_clock AS k
WHERE l.provisional_until <= k.instant OR l.other_basis_until <= k.instant
   OR (l.prior_state = 'awaiting grid' AND epoch_s(l.started_at) + l.missing_hour_deadline_s <= epoch_s(k.instant))
UNION
SELECT l.session_id
FROM in_scope AS l
JOIN seen AS s ON s.session_id = l.session_id
JOIN match_changed AS c ON c.session_id = l.session_id AND c.batch_seq > s.batch_seq
LEFT JOIN prior_vintage AS v ON v.programme = l.prior_programme AND v.vintage = l.prior_vintage
WHERE v.state IS DISTINCT FROM 'final' OR l.prior_state NOT IN ('awarded', 'awaiting approval') -- what is final stands
