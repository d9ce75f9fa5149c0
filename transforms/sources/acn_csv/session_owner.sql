-- Owners that the ACN export states, one row per row with a user; the identity is already a pseudonym here.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."Session")) AS session_id,
  r."UserID"                                         AS user_id
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE r."UserID" IS NOT NULL
