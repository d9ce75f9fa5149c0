-- The words in which Spark differs from other engines: the same names and results as in duckdb.sql. A function may be added, never
-- changed: the freeze digest of a published methodology version covers the functions that it uses.

-- Widens an integer before it is multiplied, so that a product of energy and intensity cannot overflow.
CREATE TEMPORARY FUNCTION wide(x DECIMAL(38,0)) RETURNS DECIMAL(38,0) RETURN x;

-- True floor of a quotient of integers, negative ones included. What is divided is a multiple, so that the quotient is whole.
CREATE TEMPORARY FUNCTION int_div(a DECIMAL(38,0), b DECIMAL(38,0)) RETURNS DECIMAL(38,0) RETURN
  CAST((a - a % b) / b AS DECIMAL(38,0)) - CASE WHEN a % b <> 0 AND ((a < 0) <> (b < 0)) THEN 1 ELSE 0 END;

-- Ceiling of a quotient of integers.
CREATE TEMPORARY FUNCTION div_up(a DECIMAL(38,0), b DECIMAL(38,0)) RETURNS DECIMAL(38,0) RETURN -int_div(-a, b);

-- Whole seconds since 1970-01-01T00:00:00Z, cut, not rounded.
CREATE TEMPORARY FUNCTION epoch_s(instant TIMESTAMP) RETURNS BIGINT RETURN unix_seconds(instant);

-- The instant of a number of whole seconds since 1970-01-01T00:00:00Z.
CREATE TEMPORARY FUNCTION instant_of(seconds BIGINT) RETURNS TIMESTAMP RETURN timestamp_seconds(seconds);

-- The calendar date of an instant in a named zone.
CREATE TEMPORARY FUNCTION local_date(instant TIMESTAMP, zone STRING) RETURNS DATE RETURN
  CAST(from_utc_timestamp(instant, zone) AS DATE);

-- The instant at which a local day begins in a named zone.
CREATE TEMPORARY FUNCTION day_start(day DATE, zone STRING) RETURNS TIMESTAMP RETURN
  to_utc_timestamp(CAST(day AS TIMESTAMP), zone);

-- SHA-256 of a text, as 64 hexadecimal digits.
CREATE TEMPORARY FUNCTION sha256_hex(text STRING) RETURNS STRING RETURN sha2(text, 256);

-- A calendar date some days later.
CREATE TEMPORARY FUNCTION date_add_days(day DATE, days BIGINT) RETURNS DATE RETURN date_add(day, CAST(days AS INT));

-- What a revision says that may change an award, as one digest.
CREATE TEMPORARY FUNCTION session_digest(region STRING, power_type STRING, metering_point STRING, rated_w BIGINT,
                                         started_at TIMESTAMP, ended_at TIMESTAMP, reading_wh BIGINT) RETURNS STRING RETURN
  sha2(concat_ws('|', region, power_type, metering_point, coalesce(CAST(rated_w AS STRING), ''),
    CAST(epoch_s(started_at) AS STRING), CAST(epoch_s(ended_at) AS STRING), CAST(reading_wh AS STRING)), 256);

-- What a station tells of a session that its issuer leaves open, as one digest.
CREATE TEMPORARY FUNCTION station_digest(region STRING, power_type STRING, metering_point STRING, rated_w BIGINT)
  RETURNS STRING RETURN
  sha2(concat_ws('|', region, power_type, metering_point, coalesce(CAST(rated_w AS STRING), '')), 256);

-- What a revision says that may change an award, its metered intervals and its vehicle class included, as one digest.
CREATE TEMPORARY FUNCTION telling_digest(region STRING, power_type STRING, metering_point STRING, rated_w BIGINT,
                                         started_at TIMESTAMP, ended_at TIMESTAMP, reading_wh BIGINT, interval_digest STRING,
                                         vehicle_class STRING) RETURNS STRING RETURN
  CASE WHEN interval_digest IS NULL AND vehicle_class IS NULL
       THEN session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh)
       ELSE sha2(concat_ws('|', session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh),
                           coalesce(interval_digest, ''), coalesce(vehicle_class, '')), 256) END;

-- What a station tells of a session, its county included, as one digest.
CREATE TEMPORARY FUNCTION place_digest(region STRING, power_type STRING, metering_point STRING, rated_w BIGINT,
                                       county_code STRING) RETURNS STRING RETURN
  CASE WHEN county_code IS NULL THEN station_digest(region, power_type, metering_point, rated_w)
       ELSE sha2(concat_ws('|', station_digest(region, power_type, metering_point, rated_w), county_code), 256) END;

-- The first day of a day's month.
CREATE TEMPORARY FUNCTION month_start(day DATE) RETURNS DATE RETURN trunc(day, 'MM');

-- The first day of the month after a day's.
CREATE TEMPORARY FUNCTION next_month(day DATE) RETURNS DATE RETURN add_months(trunc(day, 'MM'), 1);

-- The same day of the month some months later, or the last of that month.
CREATE TEMPORARY FUNCTION date_add_months(day DATE, months BIGINT) RETURNS DATE RETURN add_months(day, CAST(months AS INT));

-- Whether a text is one or more of the words that a pattern lists, with a comma and a blank between them.
CREATE TEMPORARY FUNCTION is_list_of(text STRING, words STRING) RETURNS BOOLEAN RETURN
  regexp_like(text, '^(' || words || ')(, (' || words || '))*$');

-- Microseconds since 1970-01-01T00:00:00Z.
CREATE TEMPORARY FUNCTION epoch_us(instant TIMESTAMP) RETURNS BIGINT RETURN unix_micros(instant);
