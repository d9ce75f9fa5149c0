-- What the metered intervals of a session tell that hold, as one digest, one row per row of the file with such intervals.
SELECT row_number,
  sha256_hex(string_agg(CAST(epoch_s(started_at) AS VARCHAR) || '|' || CAST(epoch_s(ended_at) AS VARCHAR) || '|'
                        || CAST(reading_wh AS VARCHAR), ',' ORDER BY interval_no)) AS interval_digest
FROM candidate_charging_interval
GROUP BY row_number
