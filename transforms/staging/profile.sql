-- What the batch rules look at, one row per batch.
SELECT
  (SELECT count(*) FROM landed_row)                                                                AS rows_received,
  count(*) FILTER (WHERE outcome = 'accepted')                                                     AS rows_accepted,
  count(*) FILTER (WHERE outcome = 'quarantined')                                                  AS rows_quarantined,
  count(*) FILTER (WHERE outcome = 'duplicate')                                                    AS rows_duplicate,
  count(*) FILTER (WHERE outcome = 'superseded')                                                   AS rows_superseded,
  CAST(coalesce(sum(amount_wh), 0) AS DECIMAL(38,0))                                               AS received_wh,
  CAST(coalesce(sum(amount_wh) FILTER (WHERE outcome = 'accepted'), 0) AS DECIMAL(38,0))           AS accepted_wh,
  CAST(coalesce(sum(amount_wh) FILTER (WHERE outcome = 'quarantined'), 0) AS DECIMAL(38,0))        AS quarantined_wh,
  CAST(coalesce(sum(amount_wh) FILTER (WHERE outcome = 'duplicate'), 0) AS DECIMAL(38,0))          AS duplicate_wh,
  CAST(coalesce(sum(amount_wh) FILTER (WHERE outcome = 'superseded'), 0) AS DECIMAL(38,0))         AS superseded_wh,
  CAST(div_up(count(*) FILTER (WHERE outcome = 'quarantined') * 1000, greatest(count(*), 1)) AS BIGINT)
                                                                                                   AS quarantined_per_mille,
  CAST(int_div(sum(amount_wh) FILTER (WHERE outcome <> 'quarantined'),
               greatest(count(amount_wh) FILTER (WHERE outcome <> 'quarantined'), 1)) AS BIGINT)   AS mean_amount_wh
FROM fate
