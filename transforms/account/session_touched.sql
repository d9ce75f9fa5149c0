-- Lineages to be accounted now, one row per lineage: an input arrived since the last run that covered its vintage, or it shares
-- a cap with one of these.
WITH lineage AS (
  SELECT
    coalesce(s.session_id, q.session_id)                                       AS session_id,
    coalesce(s.programme, '-')                                                 AS programme,
    s.vintage, s.region, s.started_at, s.ended_at, s.user_id,
    GREATEST(coalesce(s.last_batch_seq, 0), coalesce(q.last_batch_seq, 0))     AS last_batch_seq,
    p.programme AS prior_programme, p.vintage AS prior_vintage, p.user_id AS prior_user_id
  FROM session_scope AS s
  FULL OUTER JOIN quarantined_lineage AS q ON q.session_id = s.session_id
  LEFT JOIN prior_state AS p ON p.session_id = coalesce(s.session_id, q.session_id)
),
in_scope AS (
  SELECT l.*
  FROM lineage AS l
  CROSS JOIN run_scope AS x
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
),
own AS (
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
    AND epoch_s(c.hour_start) + 3600 > epoch_s(l.started_at) -- 3600 s are an hour
),
capped_account AS (
  SELECT DISTINCT l.programme, l.user_id, l.vintage
  FROM lineage AS l
  JOIN own AS o ON o.session_id = l.session_id
  JOIN reward_rule AS r ON r.programme = l.programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
  UNION
  SELECT DISTINCT l.prior_programme, l.prior_user_id, l.prior_vintage
  FROM lineage AS l
  JOIN own AS o ON o.session_id = l.session_id
  JOIN reward_rule AS r ON r.programme = l.prior_programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
)
SELECT session_id FROM own
UNION
SELECT l.session_id
FROM lineage AS l
JOIN capped_account AS c ON c.programme = l.programme AND c.user_id = l.user_id AND c.vintage = l.vintage
