-- Metered intervals in files that tell a lineage in reach, one row per telling and interval.
SELECT i.*
FROM whole_charging_interval AS i
JOIN (SELECT DISTINCT landing_digest FROM charging_session) AS h ON h.landing_digest = i.landing_digest
