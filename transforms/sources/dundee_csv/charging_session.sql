-- Sessions of Dundee's charge points, one row per row of the file: a date and a time of day each, in the form of the source definition.
WITH wall AS (
  SELECT row_number, told("Start Date") || ' ' || told("Start Time") AS started, told("End Date") || ' ' || told("End Time") AS ended
  FROM landed_row
),
instant AS (
  SELECT w.row_number,
    CASE c.date_form
      WHEN 'DD/MM/YYYY' THEN wall_text_to_instant(w.started, '%d/%m/%Y %H:%M', c.zone)
      WHEN 'YYYY-MM-DD' THEN wall_text_to_instant(w.started, '%Y-%m-%dT00:00:00 %H:%M', c.zone) END AS started_at,
    CASE c.date_form
      WHEN 'DD/MM/YYYY' THEN wall_text_to_instant(w.ended, '%d/%m/%Y %H:%M', c.zone)
      WHEN 'YYYY-MM-DD' THEN wall_text_to_instant(w.ended, '%Y-%m-%dT00:00:00 %H:%M', c.zone) END AS ended_at
  FROM wall AS w
  CROSS JOIN source_constant AS c
),
make AS (
  SELECT row_number,
    CASE WHEN told("Model") IN ('APT 7kW Single Outlet', 'APT 7kW Dual Outlet', 'APT 22kW Dual Outlet') THEN 'AC'
         WHEN told("Model") IN ('APT Dual Rapid Charger', 'APT Triple Rapid Charger', 'APT 50kW Raption') THEN 'DC' END AS power_type
  FROM landed_row
)
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."Charging event"))      AS session_id,
  upper(c.issuer)                                                AS issuer,
  c.region                                                       AS region,
  upper(told(r."CP ID"))                                         AS station_id,
  upper(told(r."Connector"))                                     AS connector_id,
  m.power_type                                                   AS power_type,
  CASE m.power_type WHEN 'AC' THEN 'ac_input' WHEN 'DC' THEN 'unknown' END AS metering_point,
  i.started_at                                                   AS started_at,
  i.ended_at                                                     AS ended_at,
  kwh_text_to_wh(r."Total kWh")                                  AS reading_wh,
  told(r."End Date") IS NULL                                     AS is_open,
  CAST(c.longest_stay_days AS BIGINT)                            AS longest_stay_days
FROM landed_row AS r
JOIN instant AS i USING (row_number)
JOIN make AS m USING (row_number)
CROSS JOIN source_constant AS c
