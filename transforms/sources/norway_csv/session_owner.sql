-- Owners that the Norwegian charging reports state, one row per row with a user; the identity is already a pseudonym here.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."session_id")) AS session_id,
  r."user_id"                                        AS user_id
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE r."user_id" IS NOT NULL
