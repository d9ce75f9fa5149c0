-- The connectors that an operator has for a kind, one row per operator and kind: as many as its fullest slot needs, and more.
-- account_base: the private ones belong to an account each, numbered from there. The pool `spare` is for extra orders.
WITH sized AS (
  SELECT k.kind, k.letter, k.per_station, k.is_private, c.operator_id,
    max(c.charges * k.spare_per_mille) // 1000 + 1 AS connectors
  FROM cell AS c
  JOIN (VALUES
    ('destination', 'D',  6, false, 1300), ('evening',   'E', 40, true, 2000),
    ('fast',        'F',  8, false, 1250), ('overnight', 'N', 40, true, 2000)
  ) AS k(kind, letter, per_station, is_private, spare_per_mille) ON k.kind = c.kind
  GROUP BY ALL
  UNION ALL
  SELECT 'spare', 'S', 16, false, operator_id, 16 FROM invented_operator
)
SELECT operator_id, kind, letter, per_station, is_private, CAST(connectors AS BIGINT) AS connectors,
  CAST((connectors + per_station - 1) // per_station AS BIGINT)                                      AS stations,
  row_number() OVER (ORDER BY operator_id, kind)                                                     AS pool_no,
  CAST(coalesce(sum(CASE WHEN is_private THEN connectors ELSE 0 END)
    OVER (ORDER BY operator_id, kind ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS BIGINT) AS account_base
FROM sized
ORDER BY operator_id, kind
