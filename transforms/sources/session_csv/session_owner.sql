-- Owners that the canonical CSV states, one row per row with an account; the identity is already a pseudonym here.
SELECT
  r.row_number,
  upper(told(r.operator)) || ':' || upper(told(r.order_number)) AS session_id,
  r.account                                                     AS user_id
FROM landed_row AS r
WHERE r.account IS NOT NULL
