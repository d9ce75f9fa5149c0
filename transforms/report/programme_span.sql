-- From which to which vintage a publication tells sessions, one row per programme that has any.
SELECT programme, MIN(vintage) AS first_vintage, MAX(vintage) AS last_vintage
FROM published.session_status
WHERE programme IS NOT NULL AND vintage IS NOT NULL
GROUP BY programme
ORDER BY programme
