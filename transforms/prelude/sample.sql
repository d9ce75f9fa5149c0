-- Words of the synthetic sample, on DuckDB alone. Chance is arithmetic on whole numbers here, so that the same arguments give the
-- same bytes on every machine: 64 bits are never exceeded, and 4294967295 keeps the lower 32 bits.

-- One round: the high bits onto the low ones, then a product with an odd number.
CREATE OR REPLACE MACRO stirred_once(x) AS (xor(x, x >> 16) * 73244475) & 4294967295;

-- A number below 2^32 for a number below 2^32, without repeats and without a visible order.
CREATE OR REPLACE MACRO stirred(x) AS xor(stirred_once(stirred_once(x)), stirred_once(stirred_once(x)) >> 16);

-- A whole number from 0 up to, not including, `below`: always the same one for the same `mark` and `salt`.
CREATE OR REPLACE MACRO draw(mark, salt, below) AS stirred((mark + salt * 2654435769) & 4294967295) % below;

-- Of a hundred accounts one was never enrolled (0), one enrols after the sample (1), one left before it (2).
CREATE OR REPLACE MACRO enrolment_standing(account_no, seed_mark) AS draw(xor(account_no, seed_mark), 41, 100);

-- The name of an account.
CREATE OR REPLACE MACRO account_text(account_no) AS 'synthetic-user-' || lpad(CAST(account_no AS VARCHAR), 8, '0');

-- Whole Wh as kWh with one to three decimals; nothing is rounded, digits beyond are zeros.
CREATE OR REPLACE MACRO wh_to_kwh_text(wh, decimals) AS
  CASE WHEN wh < 0 THEN '-' ELSE '' END || CAST(abs(wh) // 1000 AS VARCHAR) || '.'
  || left(lpad(CAST(abs(wh) % 1000 AS VARCHAR), 3, '0'), decimals);

-- Whole fen as yuan with two decimals.
CREATE OR REPLACE MACRO fen_to_yuan_text(fen) AS
  CASE WHEN fen < 0 THEN '-' ELSE '' END || CAST(abs(fen) // 100 AS VARCHAR) || '.' || lpad(CAST(abs(fen) % 100 AS VARCHAR), 2, '0');

-- Seconds of the local clock since 1970-01-01 00:00:00 as yyyy-MM-dd HH:mm:ss.
CREATE OR REPLACE MACRO local_text(seconds) AS CAST(make_timestamp(seconds * 1000000) AS VARCHAR);

-- The same with its offset; Beijing time has no other.
CREATE OR REPLACE MACRO beijing_text(seconds) AS replace(local_text(seconds), ' ', 'T') || '+08:00';

-- Seconds of the local clock at which a day begins.
CREATE OR REPLACE MACRO day_start_s(day) AS CAST(datediff('day', DATE '1970-01-01', day) AS BIGINT) * 86400;

-- What the meter of a charge has counted `since` seconds after its start: more in the beginning than in the end.
CREATE OR REPLACE MACRO counted(units, since, length) AS
  CAST(units AS BIGINT) * since * (10 * length + 3 * (length - since)) // (10 * length * length);
