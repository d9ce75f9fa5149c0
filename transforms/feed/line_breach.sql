-- Where the JSON lines of a segment are not the rows of its Parquet file: one row, which tells both counts.
SELECT r.entries, l.entries AS lines
FROM (SELECT COUNT(*) AS entries, SUM(CAST(hash(s) AS HUGEINT)) AS content FROM segment_row AS s) AS r
CROSS JOIN (SELECT COUNT(*) AS entries, SUM(CAST(hash(s) AS HUGEINT)) AS content FROM segment_line AS s) AS l
WHERE r.entries <> l.entries OR r.content IS DISTINCT FROM l.content
