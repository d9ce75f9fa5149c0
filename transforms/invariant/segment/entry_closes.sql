-- Reductions = points x 10^9 + not awarded + clamped + rounding + capped, per entry: one row per entry that breaks this.
SELECT seq, emission_reductions_ng
FROM segment_ledger_entry
WHERE emission_reductions_ng
      <> wide(points) * 1000000000 + not_awarded_ng + clamped_ng + rounding_ng + capped_ng -- 10^9 ng are a gram
