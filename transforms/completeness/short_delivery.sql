-- Deliveries that came short, one row per delivery of which fewer records came than were announced, and which no later one from the
-- same address covers. What it lacks is of no known day, but of none that began after its end. What was refused has come, unless its
-- whole file was refused.
WITH told AS (
  SELECT d.*, b.landing_seq
  FROM delivery_control AS d
  JOIN staged_batch AS b ON b.landing_digest = d.landing_digest
  WHERE d.delivery IS NOT NULL
),
standing AS (
  SELECT *
  FROM told AS t
  WHERE NOT EXISTS (
    SELECT 1 FROM told AS l
    WHERE l.delivery = t.delivery AND l.landing_seq > t.landing_seq AND l.updated_until >= t.updated_until
      AND coalesce(l.updated_from, instant_of(0)) <= coalesce(t.updated_from, instant_of(0)) -- from 1970 on is from the first
  )
),
file AS (
  SELECT DISTINCT landing_digest AS control_digest, row_number AS control_row,
    unnest(string_split(delivered_files, ' ')) AS file_digest
  FROM standing
),
-- A record on two pages came once; a row without a key is one of its own.
came AS (
  SELECT f.control_digest, f.control_row,
    COUNT(DISTINCT (o.row_key, o.content_digest)) FILTER (WHERE o.row_key IS NOT NULL)
    + COUNT(*) FILTER (WHERE o.row_key IS NULL) AS received_records
  FROM file AS f
  JOIN staged_batch AS b ON b.landing_digest = f.file_digest
  JOIN row_outcome AS o ON o.landing_digest = f.file_digest
  GROUP BY f.control_digest, f.control_row
)
SELECT
  s.delivery,
  s.updated_from,
  s.updated_until,
  s.sessions                                                          AS announced_records,
  CAST(coalesce(c.received_records, 0) AS BIGINT)                     AS received_records,
  CAST(s.sessions - coalesce(c.received_records, 0) AS BIGINT)        AS missing_records
FROM standing AS s
LEFT JOIN came AS c ON c.control_digest = s.landing_digest AND c.control_row = s.row_number
CROSS JOIN run_scope AS x
WHERE s.sessions > coalesce(c.received_records, 0)
  -- Nowhere does a day begin earlier than 14 hours before UTC's (the sign of these names is turned round).
  AND (x.vintage_from IS NULL OR s.updated_until > day_start(x.vintage_from, 'Etc/GMT-14'))
ORDER BY missing_records DESC, s.delivery, s.updated_until
