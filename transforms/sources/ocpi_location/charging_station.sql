-- Connectors of OCPI locations, one row per connector; a location without connectors tells nothing. A connector is so since it was
-- last updated itself: changes of status move only the times of its charge point and location.
SELECT
  r.row_number,
  upper(told(r.country_code)) || '*' || upper(told(r.party_id))                        AS issuer,
  upper(told(r.id))                                                                    AS station_id,
  upper(told(r."evses.uid") || '-' || told(r."evses.connectors.id"))                   AS connector_id,
  utc_text_to_instant(r."evses.connectors.last_updated")                               AS valid_from,
  upper(told(r.country_code)) || '*' || upper(told(r.party_id))                        AS operator_id,
  coalesce(told(c.region), k.region)                                                   AS region,
  CASE WHEN upper(told(r."evses.connectors.power_type")) LIKE 'AC\_%' ESCAPE '\' THEN 'AC'
       ELSE upper(told(r."evses.connectors.power_type")) END                           AS power_type,
  -- Volts and amperes are those of a phase only where three phases are told; of two the sender does not say which volts they are.
  CASE WHEN told(r."evses.connectors.max_electric_power") IS NOT NULL
         THEN whole_text_to_int(r."evses.connectors.max_electric_power")
       WHEN upper(told(r."evses.connectors.power_type")) NOT LIKE 'AC\_2\_PHASE%' ESCAPE '\'
         THEN whole_text_to_int(r."evses.connectors.max_voltage") * whole_text_to_int(r."evses.connectors.max_amperage")
              * CASE WHEN upper(told(r."evses.connectors.power_type")) = 'AC_3_PHASE' THEN 3 ELSE 1 END
       END                                                                             AS rated_w,
  told(r."evses.connectors.max_electric_power")                                        AS rated_power_text,
  CASE WHEN upper(told(r."evses.connectors.power_type")) LIKE 'AC%' THEN 'ac_input' ELSE 'unknown' END
                                                                                       AS metering_point,
  told(r.time_zone)                                                                    AS time_zone,
  CASE WHEN lower(told(r.publish)) = 'true' THEN 'public' ELSE 'unknown' END           AS access
FROM landed_row AS r
CROSS JOIN source_constant AS c
LEFT JOIN country_region AS k ON k.country = upper(told(r.country))
WHERE told(r."evses.connectors.id") IS NOT NULL
