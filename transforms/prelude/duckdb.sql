-- The words in which DuckDB differs from other engines. A function may be added, never changed:
-- the freeze digest of a published methodology version covers the functions that it uses.

-- Widens an integer before it is multiplied, so that a product of energy and intensity cannot overflow.
CREATE OR REPLACE MACRO wide(x) AS CAST(x AS HUGEINT);

-- True floor of a quotient of integers, negative ones included (// truncates towards zero).
CREATE OR REPLACE MACRO int_div(a, b) AS
  CAST(a AS HUGEINT) // CAST(b AS HUGEINT)
  - CASE WHEN CAST(a AS HUGEINT) % CAST(b AS HUGEINT) <> 0 AND ((a < 0) <> (b < 0)) THEN 1 ELSE 0 END;

-- Ceiling of a quotient of integers.
CREATE OR REPLACE MACRO div_up(a, b) AS -int_div(-CAST(a AS HUGEINT), b);

-- Whole seconds since 1970-01-01T00:00:00Z, cut, not rounded.
CREATE OR REPLACE MACRO epoch_s(instant) AS CAST(int_div(epoch_us(instant), 1000000) AS BIGINT);

-- The instant of a number of whole seconds since 1970-01-01T00:00:00Z.
CREATE OR REPLACE MACRO instant_of(seconds) AS make_timestamptz(CAST(seconds AS BIGINT) * 1000000);

-- The calendar date of an instant in a named zone.
CREATE OR REPLACE MACRO local_date(instant, zone) AS CAST(timezone(zone, instant) AS DATE);

-- The instant at which a local day begins in a named zone.
CREATE OR REPLACE MACRO day_start(day, zone) AS timezone(zone, CAST(day AS TIMESTAMP));

-- SHA-256 of a text, as 64 hexadecimal digits.
CREATE OR REPLACE MACRO sha256_hex(text) AS sha256(text);

-- A calendar date some days later.
CREATE OR REPLACE MACRO date_add_days(day, days) AS CAST(day + CAST(days AS INTEGER) AS DATE);

-- What a revision says that may change an award, as one digest.
CREATE OR REPLACE MACRO session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh) AS
  sha256(concat_ws('|', region, power_type, metering_point, coalesce(CAST(rated_w AS VARCHAR), ''),
    CAST(epoch_s(started_at) AS VARCHAR), CAST(epoch_s(ended_at) AS VARCHAR), CAST(reading_wh AS VARCHAR)));

-- What a station tells of a session that its issuer leaves open, as one digest.
CREATE OR REPLACE MACRO station_digest(region, power_type, metering_point, rated_w) AS
  sha256(concat_ws('|', region, power_type, metering_point, coalesce(CAST(rated_w AS VARCHAR), '')));

-- What a revision says that may change an award, its metered intervals and its vehicle class included, as one digest.
CREATE OR REPLACE MACRO telling_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh,
                                       interval_digest, vehicle_class) AS
  CASE WHEN interval_digest IS NULL AND vehicle_class IS NULL
       THEN session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh)
       ELSE sha256(concat_ws('|', session_digest(region, power_type, metering_point, rated_w, started_at, ended_at, reading_wh),
                             coalesce(interval_digest, ''), coalesce(vehicle_class, ''))) END;

-- What a station tells of a session, its county included, as one digest.
CREATE OR REPLACE MACRO place_digest(region, power_type, metering_point, rated_w, county_code) AS
  CASE WHEN county_code IS NULL THEN station_digest(region, power_type, metering_point, rated_w)
       ELSE sha256(concat_ws('|', station_digest(region, power_type, metering_point, rated_w), county_code)) END;

-- The first day of a day's month.
CREATE OR REPLACE MACRO month_start(day) AS CAST(date_trunc('month', CAST(day AS DATE)) AS DATE);

-- The first day of the month after a day's.
CREATE OR REPLACE MACRO next_month(day) AS CAST(date_trunc('month', CAST(day AS DATE)) + INTERVAL 1 MONTH AS DATE);

-- The same day of the month some months later, or the last of that month.
CREATE OR REPLACE MACRO date_add_months(day, months) AS CAST(CAST(day AS DATE) + to_months(CAST(months AS INTEGER)) AS DATE);

-- Whether a text is one or more of the words that a pattern lists, with a comma and a blank between them.
CREATE OR REPLACE MACRO is_list_of(text, words) AS regexp_full_match(text, '(' || words || ')(, (' || words || '))*');

-- Whole numbers from one to another, both included, as a list.
CREATE OR REPLACE MACRO sequence(first, last) AS generate_series(first, last);

-- One row for each element of a list.
CREATE OR REPLACE MACRO explode(elements) AS unnest(elements);
