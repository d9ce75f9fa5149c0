-- What was told of the charges of one operator and day, one row per issuer, day, region: the tellings that count.
SELECT issuer, day, region, count(*) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
FROM telling
WHERE is_counted
GROUP BY ALL
