-- First awards of a final vintage that would rest on something open (an estimate, a stand-in for a missing hour, a match), one row per
-- lineage: they wait until it is settled or its deadline passes.
SELECT w.session_id
FROM session_award AS w
JOIN session_assessment AS a ON a.session_id = w.session_id
JOIN prior_vintage AS v ON v.programme = w.programme AND v.vintage = w.vintage AND v.state = 'final'
WHERE a.provisional_until IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM posted AS p WHERE p.session_id = w.session_id AND p.programme = w.programme
                  AND p.vintage = w.vintage AND p.user_id = w.user_id AND (p.points <> 0 OR p.emission_reductions_ng <> 0))
