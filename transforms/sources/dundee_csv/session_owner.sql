-- Owners that Dundee's files state, one row per row with a user; the identity is already a pseudonym here.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."Charging event")) AS session_id,
  r."User ID"                                        AS user_id
FROM landed_row AS r
CROSS JOIN source_constant AS c
WHERE r."User ID" IS NOT NULL
