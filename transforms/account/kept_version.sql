-- Awards that keep the version that they were posted with though another one is in force for their vintage, one row per lineage:
-- that one is adopted forward only, or for open vintages alone and this one is final.
SELECT p.session_id, p.programme, p.methodology, p.methodology_digest, v.needs_county
FROM prior_state AS p
JOIN methodology_in_force AS f
  ON f.programme = p.programme AND p.vintage >= f.in_force_from AND (f.in_force_until IS NULL OR p.vintage < f.in_force_until)
JOIN methodology_known AS v ON v.methodology = p.methodology
LEFT JOIN prior_vintage AS w ON w.programme = p.programme AND w.vintage = p.vintage
WHERE p.methodology <> f.methodology
  AND (p.state IN ('awarded', 'awaiting approval') OR (p.state = 'not awarded' AND p.reason <> 'not enrolled'))
  AND (f.restate = 'forward_only' OR (f.restate = 'restate_open' AND w.state = 'final'))
