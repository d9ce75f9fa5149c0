-- What a vintage says of its open sessions is what their states say, and none of their deadlines passes before its own: one row per vintage
-- that breaks this.
WITH counted AS (
  SELECT programme, vintage,
    SUM(CASE WHEN state IN ('awarded', 'awaiting approval', 'not awarded') AND coalesce(reason, '') <> 'not enrolled'
              AND provisional_until IS NOT NULL THEN 1 ELSE 0 END)                      AS open_sessions,
    MIN(coalesce(provisional_until, other_basis_until))                                 AS provisional_until,
    MIN(coalesce(other_basis_until, provisional_until))                                 AS other_basis_until
  FROM prior_state
  WHERE programme IS NOT NULL AND vintage IS NOT NULL
  GROUP BY programme, vintage
)
SELECT coalesce(c.programme, o.programme) AS programme, coalesce(c.vintage, o.vintage) AS vintage, c.open_sessions
FROM counted AS c
FULL OUTER JOIN prior_open AS o ON o.programme = c.programme AND o.vintage = c.vintage
WHERE coalesce(c.open_sessions, 0) <> coalesce(o.open_sessions, 0)
   OR (c.provisional_until IS NOT NULL AND coalesce(o.next_deadline > c.provisional_until, true))
   OR (c.other_basis_until IS NOT NULL AND coalesce(o.next_deadline > c.other_basis_until, true))
