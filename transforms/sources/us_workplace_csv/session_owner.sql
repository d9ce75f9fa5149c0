-- Owners that the workplace file state, one row per row with a user; the identity is already a pseudonym here.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."sessionId")) AS session_id,
  r."userId"                                        AS user_id
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE r."userId" IS NOT NULL
