-- How long after its file landed the latest retirement of a batch lies, in seconds, one row per batch with a retirement that may pass.
SELECT CAST(epoch_s(max(c.retired_at)) - epoch_s(max(a.landed_at)) AS BIGINT) AS ahead_s
FROM candidate_certificate AS c
JOIN fate AS f ON f.row_number = c.row_number AND f.outcome <> 'quarantined'
CROSS JOIN arriving AS a
HAVING max(c.retired_at) IS NOT NULL
