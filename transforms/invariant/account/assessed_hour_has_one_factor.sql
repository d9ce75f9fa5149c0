-- Every hour of an assessed session has exactly one factor, and it says where it comes from: one row per session-hour that breaks this.
SELECT h.session_id, h.hour_start, COUNT(i.intensity_ug_per_kwh) AS factors
FROM session_assessment AS a
JOIN session_admitted AS s ON s.session_id = a.session_id
JOIN session_hour AS h ON h.session_id = a.session_id
LEFT JOIN grid_intensity_hour AS i
  ON i.methodology = s.methodology AND i.region = h.region AND i.hour_start = h.hour_start
  AND i.factor_origin <> ''
GROUP BY h.session_id, h.hour_start
HAVING COUNT(i.intensity_ug_per_kwh) <> 1
