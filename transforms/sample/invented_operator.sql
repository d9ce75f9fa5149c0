-- The invented operators, one row per operator. weight: its share of all charges, per mille. fast, destination, overnight,
-- evening: the shares of its kinds, in hundredths. decimals: of its figures in kWh. step_s: what its clock counts in.
SELECT *
FROM (VALUES
  ('SYNTH0001', 330, 64, 12, 16,  8, 3,  1, true,  false, true,  135),
  ('SYNTH0002', 240, 70, 14, 10,  6, 2,  1, true,  false, true,  128),
  ('SYNTH0003', 170, 24,  8, 46, 22, 2,  1, false, false, true,   98),
  ('SYNTH0004', 130, 58, 24, 12,  6, 3, 60, false, true,  true,  142),
  ('SYNTH0005',  80, 46, 38, 10,  6, 3,  1, true,  false, false, 119),
  ('SYNTH0006',  50, 12,  4, 62, 22, 1, 60, false, false, true,   88)
) AS o(operator_id, weight, fast, destination, overnight, evening, decimals, step_s, is_hourly, tells_vin, tells_energy_total,
  price_fen)
