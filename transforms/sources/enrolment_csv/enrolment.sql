-- Enrolments of the canonical CSV, one row per row of the file; the account is already a pseudonym here.
SELECT
  r.row_number,
  r.account                             AS user_id,
  told(r.programme)                     AS programme,
  iso_text_to_instant(r.enrolled_from)  AS enrolled_from,
  iso_text_to_instant(r.enrolled_until) AS enrolled_until,
  told(r.enrolled_until)                AS enrolled_until_text
FROM landed_row AS r
