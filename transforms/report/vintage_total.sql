-- What a vintage holds, with the energy assessed in it, one row per programme and vintage.
WITH delivered AS (
  SELECT programme, vintage, COUNT(*) AS sessions, CAST(SUM(energy_wh) AS DECIMAL(38,0)) AS energy_wh
  FROM published.session_assessment
  GROUP BY programme, vintage
)
SELECT v.*, coalesce(d.sessions, 0) AS sessions, CAST(coalesce(d.energy_wh, 0) AS DECIMAL(38,0)) AS energy_wh
FROM published.vintage AS v
JOIN programme_in_report AS p ON p.programme = v.programme AND v.vintage >= p.first_vintage
LEFT JOIN delivered AS d ON d.programme = v.programme AND d.vintage = v.vintage
ORDER BY v.vintage, v.programme
