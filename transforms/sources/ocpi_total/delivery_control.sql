-- Control totals of pulls from OCPI parties, one row per pull: of a delivery, and of no operator's day.
SELECT
  r.row_number,
  told(r.address)                   AS delivery,
  iso_text_to_instant(r.date_from)  AS updated_from,
  told(r.date_from)                 AS updated_from_text,
  iso_text_to_instant(r.date_to)    AS updated_until,
  array_to_string(list_transform(json_list(r.files), lambda f: coalesce(f ->> '$', '?')), ' ') AS delivered_files,
  count_text_to_integer(r.total)    AS sessions
FROM landed_row AS r
