-- The changes that this run holds, one row per programme, lineage, vintage and user, with why they are held. What was rejected is not proposed.
WITH lineage AS (
  SELECT c.session_id,
    MAX(CASE WHEN c.is_final_award THEN 'the vintage is final' END) AS of_final,
    MAX(v.cause)                                                    AS of_vintage
  FROM award_differing AS c
  LEFT JOIN vintage_passed AS v ON v.programme = c.programme AND v.vintage = c.vintage AND NOT c.nothing_posted
  GROUP BY c.session_id
)
SELECT c.programme, c.session_id, c.vintage, c.user_id,
  CAST(c.posted_points AS BIGINT)                         AS posted_points,
  CAST(c.due_points - c.posted_points AS BIGINT)          AS points,
  CAST(c.emission_reductions_ng AS DECIMAL(38,0))         AS emission_reductions_ng,
  CAST(c.not_awarded_ng AS DECIMAL(38,0))                 AS not_awarded_ng,
  CAST(c.clamped_ng AS DECIMAL(38,0))                     AS clamped_ng,
  CAST(c.rounding_ng AS DECIMAL(38,0))                    AS rounding_ng,
  CAST(c.capped_ng AS DECIMAL(38,0))                      AS capped_ng,
  NOT c.nothing_posted                                    AS has_award,
  r.reason,
  coalesce(NULLIF(concat_ws('; ', l.of_final, l.of_vintage), ''), 'an earlier change of it waits') AS cause,
  i.input_digest
FROM award_differing AS c
JOIN held_session AS h ON h.session_id = c.session_id
JOIN lineage AS l ON l.session_id = c.session_id
JOIN lineage_input AS i ON i.session_id = c.session_id
JOIN change_reason AS r ON r.session_id = c.session_id
LEFT JOIN session_pinned AS k ON k.session_id = c.session_id
WHERE k.session_id IS NULL
