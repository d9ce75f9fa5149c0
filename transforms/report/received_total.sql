-- What became of everything received and staged, one row per relation: rows by their last fate, and energy where rows tell any.
-- A release counts the rows that it took out of quarantine under their new fates.
SELECT
  relation,
  CAST(SUM(CASE WHEN released_from IS NULL THEN rows_received ELSE 0 END) AS BIGINT)                      AS rows_received,
  CAST(SUM(rows_accepted) AS BIGINT)                                                                      AS rows_accepted,
  CAST(SUM(rows_quarantined - CASE WHEN released_from IS NULL THEN 0 ELSE rows_received END) AS BIGINT)   AS rows_quarantined,
  CAST(SUM(rows_duplicate) AS BIGINT)                                                                     AS rows_duplicate,
  CAST(SUM(rows_superseded) AS BIGINT)                                                                    AS rows_superseded,
  CAST(SUM(CASE WHEN released_from IS NULL THEN received_wh ELSE 0 END) AS DECIMAL(38,0))                 AS received_wh,
  CAST(SUM(accepted_wh) AS DECIMAL(38,0))                                                                 AS accepted_wh,
  CAST(SUM(quarantined_wh - CASE WHEN released_from IS NULL THEN 0 ELSE received_wh END) AS DECIMAL(38,0)) AS quarantined_wh,
  CAST(SUM(duplicate_wh) AS DECIMAL(38,0))                                                                AS duplicate_wh,
  CAST(SUM(superseded_wh) AS DECIMAL(38,0))                                                               AS superseded_wh
FROM batch
WHERE state = 'staged'
GROUP BY relation
ORDER BY relation
