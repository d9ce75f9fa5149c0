-- When charges of a kind may be, one row per kind and slot of the day on which they end. A connector takes one charge in a slot,
-- and slots of a kind do not overlap. from_s: seconds after midnight, negative the evening before; room_s: length of the slot;
-- least_s, spread_s: length of a charge; the weights sum to 600 on a weekday.
SELECT kind, slot, from_s, room_s, least_s, spread_s, weekday_weight, weekend_weight
FROM (VALUES
  ('overnight',    0, -10800, 39600, 7200, 18000, 600, 540),
  ('evening',      0,  61200, 24900, 3660, 10800, 600, 640),
  ('destination',  0,  28800, 16200, 5400,  9000, 230, 250),
  ('destination',  1,  45000, 16200, 5400,  9000, 210, 330),
  ('destination',  2,  61200, 16200, 5400,  9000, 160, 220),
  ('fast',         0,  -4500,  5400, 1200,  2400,  14,  18),
  ('fast',         1,    900,  5400, 1200,  2400,  10,  12),
  ('fast',         2,   6300,  5400, 1200,  2400,   6,   8),
  ('fast',         3,  11700,  5400, 1200,  2400,   4,   5),
  ('fast',         4,  17100,  5400, 1200,  2400,   6,   6),
  ('fast',         5,  22500,  5400, 1200,  2400,  14,  10),
  ('fast',         6,  27900,  5400, 1200,  2400,  30,  24),
  ('fast',         7,  33300,  5400, 1200,  2400,  34,  48),
  ('fast',         8,  38700,  5400, 1200,  2400,  40,  58),
  ('fast',         9,  44100,  5400, 1200,  2400,  52,  66),
  ('fast',        10,  49500,  5400, 1200,  2400,  46,  70),
  ('fast',        11,  54900,  5400, 1200,  2400,  44,  72),
  ('fast',        12,  60300,  5400, 1200,  2400,  58,  74),
  ('fast',        13,  65700,  5400, 1200,  2400,  88,  86),
  ('fast',        14,  71100,  5400, 1200,  2400,  96,  88),
  ('fast',        15,  76500,  5400, 1200,  2400,  58,  62)
) AS s(kind, slot, from_s, room_s, least_s, spread_s, weekday_weight, weekend_weight)
