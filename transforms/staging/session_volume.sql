-- Sessions of an issuer and day per thousand of the mean of the same weekday of the four weeks before, one row per issuer and UTC day
-- of the arriving file of which at least two of these days are known from files that landed earlier.
WITH arriving_day AS (
  SELECT c.issuer, CAST(timezone('UTC', c.ended_at) AS DATE) AS day, count(DISTINCT c.session_id) AS sessions
  FROM candidate_charging_session AS c
  JOIN fate AS f ON f.row_number = c.row_number AND f.outcome = 'accepted'
  GROUP BY c.issuer, day
),
earlier_day AS (
  SELECT s.issuer, CAST(timezone('UTC', s.ended_at) AS DATE) AS day, count(DISTINCT s.session_id) AS sessions
  FROM charging_session AS s
  JOIN batch AS b ON b.landing_digest = s.landing_digest AND b.state = 'staged'
  JOIN arriving AS a ON b.landing_seq < a.landing_seq
  WHERE s.issuer IN (SELECT issuer FROM arriving_day)
  GROUP BY s.issuer, day
),
compared AS (
  SELECT a.issuer, a.day, a.sessions + coalesce(max(o.sessions), 0) AS sessions, sum(e.sessions) AS earlier_sessions, count(*) AS weeks
  FROM arriving_day AS a
  CROSS JOIN (SELECT unnest([7, 14, 21, 28]) AS days_before) AS w
  JOIN earlier_day AS e ON e.issuer = a.issuer AND e.day = a.day - w.days_before
  LEFT JOIN earlier_day AS o ON o.issuer = a.issuer AND o.day = a.day
  GROUP BY a.issuer, a.day, a.sessions
  HAVING count(*) >= 2
)
SELECT
  issuer || ' ' || CAST(day AS VARCHAR)                                                        AS issuer_day,
  CAST(least(int_div(sessions * 1000 * weeks, earlier_sessions), 1000000) AS BIGINT)           AS per_mille
FROM compared
ORDER BY per_mille, issuer_day
