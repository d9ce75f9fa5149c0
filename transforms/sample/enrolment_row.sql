-- Which accounts take part, one row per enrolment: one account in a hundred has none, one enrols after the sample, one left before.
WITH account AS (
  SELECT unnest(range(u.accounts)) AS account_no, a.* FROM asked_account AS u CROSS JOIN asked AS a
),
standing AS (SELECT *, CASE WHEN is_clean THEN 3 ELSE enrolment_standing(account_no, seed_mark) END AS standing FROM account)
SELECT account_text(account_no) AS account, 'cn_green_energy' AS programme,
  CASE WHEN standing = 1 THEN beijing_text(day_start_s(first_day) + (days + 1) * 86400)
       ELSE '2026-01-01T00:00:00+08:00' END AS enrolled_from,
  CASE WHEN standing = 2 THEN beijing_text(day_start_s(first_day) - 2 * 86400) END AS enrolled_until
FROM standing
WHERE standing <> 0
ORDER BY account_no
