-- Certificates of the canonical CSV, one row per row of the file: energy in MWh, a month, instants with their offset.
SELECT
  r.row_number,
  upper(told(r.registry))                                               AS registry,
  upper(told(r.serial))                                                 AS serial,
  upper(told(r.contract_id))                                            AS contract_id,
  month_text_to_day(r.production_month)                                 AS production_month,
  told(r.region)                                                        AS region,
  CAST(int_div(mwh_text_to_pwh(r.energy_mwh), 1000000000000) AS BIGINT) AS energy_wh, -- pWh in a Wh
  told(r.beneficiary)                                                   AS beneficiary,
  iso_text_to_instant(r.retired_at)                                     AS retired_at,
  told(r.retirement_reference)                                          AS retirement_reference,
  iso_text_to_day(r.expires_on)                                         AS expires_on,
  truth_text_to_boolean(r.linked_to_credits)                            AS is_linked_to_credits,
  truth_text_to_boolean(r.used_for_quota)                               AS is_used_for_quota,
  CASE WHEN told(r.revoked) IS NULL THEN false ELSE truth_text_to_boolean(r.revoked) END AS is_revoked,
  mwh_text_to_pwh(r.energy_mwh)                                         AS energy_pwh,
  told(r.retired_at)                                                    AS retired_text,
  told(r.expires_on)                                                    AS expiry_text
FROM landed_row AS r
