-- Lineages whose award a cap may bound, now or before, one row per lineage, account and vintage.
SELECT l.session_id, l.programme, l.user_id, l.vintage
FROM session_lineage AS l
JOIN reward_rule AS r ON r.programme = l.programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
UNION
SELECT l.session_id, l.prior_programme, l.prior_user_id, l.prior_vintage
FROM session_lineage AS l
JOIN reward_rule AS r ON r.programme = l.prior_programme AND (r.points_cap IS NOT NULL OR r.energy_cap_wh IS NOT NULL)
