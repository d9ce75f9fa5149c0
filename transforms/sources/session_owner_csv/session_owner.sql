-- Owners of the canonical CSV, one row per row of the file; token and account are already pseudonyms here.
-- An operator with a colon numbers no order: the key would be another operator's. An order beside a token stays, to be refused.
SELECT
  r.row_number,
  CASE WHEN r.token IS NOT NULL THEN upper(told(r.order_number))
       WHEN instr(r.operator, ':') = 0 THEN upper(told(r.operator)) || ':' || upper(told(r.order_number)) END AS session_id,
  r.token                                                                                                     AS token_id,
  r.account                                                                                                   AS user_id,
  iso_text_to_instant(r.known_since)                                                                          AS known_since,
  told(r.known_since)                                                                                         AS known_since_text
FROM landed_row AS r
