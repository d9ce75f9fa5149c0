-- Lowest, mean and highest intensity by hour of the local day over the vintages of the report, one row per such hour.
SELECT
  hour(timezone(p.zone, g.hour_start))                                           AS local_hour,
  MIN(g.intensity_ug_per_kwh)                                                    AS lowest_ug_per_kwh,
  CAST(int_div(SUM(wide(g.intensity_ug_per_kwh)), COUNT(*)) AS BIGINT)           AS mean_ug_per_kwh,
  MAX(g.intensity_ug_per_kwh)                                                    AS highest_ug_per_kwh
FROM published.grid_intensity_hour AS g
JOIN region_in_report AS r ON r.region = g.region
JOIN programme_in_report AS p ON p.programme = r.programme
WHERE local_date(g.hour_start, p.zone) BETWEEN p.first_vintage AND p.last_vintage
GROUP BY local_hour
ORDER BY local_hour
