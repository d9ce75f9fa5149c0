-- Where the invented stations stand, one row per county: real codes of GB/T 2260, the grid region of the province, and how
-- many stations in a thousand it gets. The shares are invented.
SELECT region, county_code, weight, CAST(sum(weight) OVER (ORDER BY county_code) - weight AS BIGINT) AS weight_before
FROM (VALUES
  ('CN-GRID-NORTH',   '110108', 50), ('CN-GRID-NORTH',   '120101', 20), ('CN-GRID-NORTH',   '130102', 25),
  ('CN-GRID-NORTH',   '140105', 20), ('CN-GRID-NORTH',   '370102', 55), ('CN-GRID-NE',      '210102', 15),
  ('CN-GRID-NE',      '220102',  8), ('CN-GRID-NE',      '230102',  9), ('CN-GRID-EAST',    '310115', 80),
  ('CN-GRID-EAST',    '320106', 75), ('CN-GRID-EAST',    '330106', 75), ('CN-GRID-EAST',    '340104', 30),
  ('CN-GRID-EAST',    '350203', 33), ('CN-GRID-CENTRAL', '360102', 17), ('CN-GRID-CENTRAL', '410105', 40),
  ('CN-GRID-CENTRAL', '420106', 45), ('CN-GRID-CENTRAL', '430104', 33), ('CN-GRID-SOUTH',   '440106', 80),
  ('CN-GRID-SOUTH',   '440305', 90), ('CN-GRID-SOUTH',   '450103', 25), ('CN-GRID-SOUTH',   '460106', 15),
  ('CN-GRID-SW',      '500103', 30), ('CN-GRID-SW',      '510107', 45), ('CN-GRID-SOUTH',   '520103', 14),
  ('CN-GRID-SOUTH',   '530102', 16), ('CN-GRID-NW',      '610113', 28), ('CN-GRID-NW',      '620102',  9),
  ('CN-GRID-NW',      '630104',  4), ('CN-GRID-NW',      '640104',  5), ('CN-GRID-NW',      '650102',  9)
) AS c(region, county_code, weight)
