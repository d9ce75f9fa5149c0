-- The missing difference, one row per new entry: due minus posted for every programme, vintage and user of a touched lineage.
WITH posting AS (
  SELECT
    c.*,
    CASE WHEN c.nothing_posted THEN 'issuance'
         WHEN c.nothing_due THEN 'reversal'
         WHEN c.due_points = c.posted_points THEN 'revaluation'
         ELSE 'adjustment' END AS kind
  FROM award_change AS c
  WHERE NOT c.is_held AND NOT c.is_standing
),
posted_before AS (SELECT session_id, SUM(entries) AS entries FROM posted GROUP BY session_id),
numbered AS (
  SELECT
    p.*,
    ROW_NUMBER() OVER (ORDER BY p.programme, p.session_id, p.vintage, p.user_id, p.kind)                          AS place,
    ROW_NUMBER() OVER (PARTITION BY p.session_id ORDER BY p.programme, p.vintage, p.user_id, p.kind) - 1
      + coalesce(b.entries, 0)                                                                                     AS n
  FROM posting AS p
  LEFT JOIN posted_before AS b ON b.session_id = p.session_id
)
SELECT
  CAST(l.seq + n.place AS BIGINT)                                                        AS seq,
  sha256_hex(n.programme || '|' || n.session_id || '|' || CAST(n.n AS STRING))          AS entry_id,
  n.programme,
  n.user_id,
  n.session_id,
  n.vintage,
  GREATEST(substr(CAST(n.vintage AS STRING), 1, 7), coalesce(o.first_open, ''))         AS period, -- 7 letters: YYYY-MM
  n.kind,
  r.reason,
  CAST(n.due_points - n.posted_points AS BIGINT)                                         AS points,
  CAST(n.emission_reductions_ng AS DECIMAL(38,0))                                        AS emission_reductions_ng,
  CAST(n.not_awarded_ng AS DECIMAL(38,0))                                                AS not_awarded_ng,
  CAST(n.clamped_ng AS DECIMAL(38,0))                                                    AS clamped_ng,
  CAST(n.rounding_ng AS DECIMAL(38,0))                                                   AS rounding_ng,
  CAST(n.capped_ng AS DECIMAL(38,0))                                                     AS capped_ng,
  CAST(n.due_points AS BIGINT)                                                           AS points_after,
  coalesce(v.state, w.state)                                                             AS status,
  CASE WHEN n.nothing_due THEN coalesce(q.methodology, s.methodology) ELSE s.methodology END AS methodology,
  CASE WHEN n.nothing_due THEN coalesce(q.methodology_digest, s.methodology_digest)
       ELSE s.methodology_digest END AS methodology_digest
FROM numbered AS n
CROSS JOIN last_entry AS l
JOIN change_reason AS r ON r.session_id = n.session_id
LEFT JOIN open_period AS o ON o.programme = n.programme
LEFT JOIN vintage_judged AS v ON v.programme = n.programme AND v.vintage = n.vintage
LEFT JOIN prior_vintage AS w ON w.programme = n.programme AND w.vintage = n.vintage
LEFT JOIN session_scope AS s ON s.session_id = n.session_id
LEFT JOIN prior_state AS q ON q.session_id = n.session_id
ORDER BY seq
