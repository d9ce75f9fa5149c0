-- Certificates as the ledger knows them, one row per registry and serial, each with the one thing that became of it, and the deadline of
-- retirement of its month under the versions in force then; no version in force that matches green power gives none.
WITH told AS (
  SELECT c.*, b.batch_seq, a.instant, ROW_NUMBER() OVER (PARTITION BY c.registry, c.serial ORDER BY b.landing_seq DESC, c.row_number DESC) AS place
  FROM certificate AS c
  JOIN staged_batch AS b ON b.landing_digest = c.landing_digest
  CROSS JOIN accounted AS a
  WHERE b.batch_seq <= a.batch_seq
),
dated AS (
  SELECT t.*, d.retirement_due, local_date(coalesce(t.retired_at, t.instant), coalesce(d.zone, 'UTC')) AS judged_on, d.valid_before
  FROM told AS t
  LEFT JOIN retirement_due AS d ON d.region = t.region AND d.contract_month = t.production_month
  WHERE t.place = 1
)
SELECT registry, serial, contract_id, region, production_month, energy_wh, batch_seq,
  CASE
    WHEN is_revoked THEN 'revoked'
    WHEN is_linked_to_credits OR is_used_for_quota THEN 'used elsewhere'
    WHEN judged_on >= valid_before OR judged_on > expires_on THEN 'expired'
    WHEN retired_at IS NULL THEN 'unretired'
    WHEN contract_id IS NOT NULL AND retired_at >= retirement_due THEN 'retired late'
    ELSE 'retired'
  END AS fate
FROM dated
