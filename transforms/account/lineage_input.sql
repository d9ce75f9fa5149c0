-- What the award of a touched lineage rests on now, as one digest, one row per lineage: its telling, station, owner, enrolment, version,
-- programme, place beside others, and what the grid and green power make of it.
SELECT t.session_id,
  sha256_hex(concat_ws('|',
    coalesce(s.content_digest, '-'), coalesce(s.station_digest, '-'), coalesce(s.user_id, '-'), coalesce(CAST(s.vintage AS STRING), '-'),
    CASE WHEN s.is_enrolled THEN 'enrolled' ELSE '-' END, CASE WHEN s.is_withdrawn THEN 'withdrawn' ELSE '-' END,
    coalesce(s.methodology_digest, '-'), coalesce(s.programme_digest, '-'), coalesce(x.state, '-'), coalesce(x.reason, '-'),
    coalesce(CAST(a.energy_wh AS STRING), '-'), coalesce(CAST(a.baseline_emissions_ng AS STRING), '-'),
    coalesce(CAST(a.project_emissions_ng AS STRING), '-'))) AS input_digest
FROM session_touched AS t
LEFT JOIN session_scope AS s ON s.session_id = t.session_id
LEFT JOIN session_assessment AS a ON a.session_id = t.session_id
LEFT JOIN session_set_aside AS x ON x.session_id = t.session_id
