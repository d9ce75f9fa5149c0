-- Lineages of which an input may have arrived since they were accounted, one row per lineage: told themselves, refused or released, their
-- owner, token, station, enrolment or grid hour told.
SELECT c.session_id
FROM charging_session AS c
JOIN batch_pending AS b ON b.landing_digest = c.landing_digest
UNION
SELECT o.row_key
FROM row_outcome AS o
JOIN batch_pending AS b ON b.landing_digest = o.landing_digest
WHERE o.relation = 'charging_session' AND o.row_key IS NOT NULL AND (o.outcome = 'quarantined' OR b.released_from IS NOT NULL)
UNION
SELECT o.session_id
FROM session_owner AS o
JOIN batch_pending AS b ON b.landing_digest = o.landing_digest
WHERE o.session_id IS NOT NULL
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN (
  SELECT DISTINCT o.token_id
  FROM session_owner AS o
  JOIN batch_pending AS b ON b.landing_digest = o.landing_digest
  WHERE o.token_id IS NOT NULL
) AS t ON t.token_id = c.token_id
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN (
  SELECT DISTINCT s.issuer, s.station_id
  FROM charging_station AS s
  JOIN batch_pending AS b ON b.landing_digest = s.landing_digest
) AS t ON t.issuer = c.issuer AND t.station_id = c.station_id
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN (
  SELECT DISTINCT s.issuer, s.connector_id
  FROM charging_station AS s
  JOIN batch_pending AS b ON b.landing_digest = s.landing_digest
) AS t ON t.issuer = c.issuer AND t.connector_id = c.connector_id
WHERE c.station_id IS NULL
UNION
SELECT l.session_id
FROM session_state_log AS l
JOIN (
  SELECT DISTINCT e.user_id
  FROM enrolment AS e
  JOIN batch_pending AS b ON b.landing_digest = e.landing_digest
) AS t ON t.user_id = l.user_id
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN hour_pending AS h ON h.region = c.region
WHERE c.started_at < h.until_instant AND c.ended_at > h.from_instant
UNION
SELECT c.session_id
FROM charging_session AS c
JOIN (SELECT MIN(from_instant) AS from_instant, MAX(until_instant) AS until_instant FROM hour_pending) AS h
  ON c.started_at < h.until_instant AND c.ended_at > h.from_instant
WHERE c.region IS NULL
