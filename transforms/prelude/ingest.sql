-- Words for reading text; ingestion always runs on DuckDB. What cannot be read becomes NULL, and a contract's rule names it.

-- Decimal text in kWh to whole Wh, exact; fractions of a Wh are floored.
CREATE OR REPLACE MACRO kwh_text_to_wh(text) AS
  CASE WHEN regexp_full_match(trim(text), '[+-]?[0-9]{1,15}(\.[0-9]{1,18})?')
       THEN CAST(floor(TRY_CAST(trim(text) AS DECIMAL(38,18)) * 1000) AS BIGINT) END;

-- Decimal text in MWh to whole pWh (10^-12 Wh): exact up to eighteen decimals, more are refused.
CREATE OR REPLACE MACRO mwh_text_to_pwh(text) AS
  CASE WHEN regexp_full_match(trim(text), '[+-]?[0-9]{1,9}(\.[0-9]{1,18})?')
       THEN CAST(split_part(trim(text), '.', 1) || rpad(split_part(trim(text), '.', 2), 18, '0') AS DECIMAL(38,0)) END;

-- Decimal text in kW to whole W, exact; fractions of a W are floored.
CREATE OR REPLACE MACRO kw_text_to_w(text) AS kwh_text_to_wh(text);

-- An instant that carries its offset, cut to whole seconds.
CREATE OR REPLACE MACRO iso_text_to_instant(text) AS
  CASE WHEN regexp_full_match(trim(text),
         '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)')
       THEN date_trunc('second', TRY_CAST(trim(text) AS TIMESTAMPTZ)) END;

-- A local time in a given format and zone, cut to whole seconds.
CREATE OR REPLACE MACRO local_text_to_instant(text, format, zone) AS
  timezone(zone, date_trunc('second', try_strptime(trim(text), format)));

-- Text without surrounding blanks; empty text is NULL.
CREATE OR REPLACE MACRO told(text) AS nullif(trim(text), '');

-- A calendar date, such as 2026-03-10.
CREATE OR REPLACE MACRO iso_text_to_day(text) AS
  CASE WHEN regexp_full_match(trim(text), '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(trim(text) AS DATE) END;

-- A count: a whole number without a point.
CREATE OR REPLACE MACRO count_text_to_integer(text) AS
  CASE WHEN regexp_full_match(trim(text), '[+-]?[0-9]{1,15}') THEN CAST(trim(text) AS BIGINT) END;

-- A wall time of a zone with summer time, in a given format, cut to whole seconds: an hour that the clock shows twice is its second
-- showing, the later instant; an hour that it skips is none.
CREATE OR REPLACE MACRO wall_text_to_instant(text, format, zone) AS
  CASE WHEN timezone(zone, local_text_to_instant(text, format, zone)) = date_trunc('second', try_strptime(trim(text), format))
       THEN local_text_to_instant(text, format, zone) END;

-- Decimal text with a comma, as the same with a point; text that has a point already is none.
CREATE OR REPLACE MACRO comma_text_to_point(text) AS CASE WHEN instr(text, '.') = 0 THEN replace(text, ',', '.') END;

-- Decimal text in minutes, with or without a comma between thousands, to whole seconds; fractions of a second are cut.
CREATE OR REPLACE MACRO minutes_text_to_s(text) AS
  CASE WHEN regexp_full_match(trim(text), '([0-9]{1,6}|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,6})?')
       THEN CAST(floor(TRY_CAST(replace(trim(text), ',', '') AS DECIMAL(18,6)) * 60) AS BIGINT) END;

-- The same time of day on the date whose day and month are exchanged; none after the twelfth.
CREATE OR REPLACE MACRO day_month_exchanged(moment) AS
  CASE WHEN day(moment) <= 12
       THEN moment + to_days(CAST(date_diff('day', CAST(moment AS DATE),
                                            make_date(year(moment), least(day(moment), 12), month(moment))) AS INTEGER)) END;
-- true or false, in any case of letters.
CREATE OR REPLACE MACRO truth_text_to_boolean(text) AS
  CASE lower(trim(text)) WHEN 'true' THEN true WHEN 'false' THEN false END;

-- A local time without zone and offset.
CREATE OR REPLACE MACRO iso_text_to_local(text) AS
  CASE WHEN regexp_full_match(trim(text), '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?')
       THEN date_trunc('second', TRY_CAST(trim(text) AS TIMESTAMP)) END;

-- Whether a local time occurs once in a zone: not in the hour that a clock skips, nor in the one that it repeats.
CREATE OR REPLACE MACRO occurs_once(local, zone) AS
  timezone(zone, timezone(zone, local)) = local
  AND NOT list_contains([timezone(zone, timezone(zone, local) + to_minutes(m)) FOR m IN [-120, -60, -30, 30, 60, 120]], local);

-- An instant that carries its offset, or a local time that occurs once in a zone.
CREATE OR REPLACE MACRO iso_text_to_instant_in(text, zone) AS
  coalesce(iso_text_to_instant(text),
    CASE WHEN occurs_once(iso_text_to_local(text), zone) THEN timezone(zone, iso_text_to_local(text)) END);

-- Decimal text in g/kWh to whole ug/kWh: exact up to six decimals, more are refused unless they are zeros.
CREATE OR REPLACE MACRO g_per_kwh_text_to_ug_per_kwh(text) AS
  CASE WHEN regexp_full_match(trim(text), '[+-]?[0-9]{1,9}(\.[0-9]{1,6}0*)?')
       THEN CAST(split_part(trim(text), '.', 1) || rpad(split_part(trim(text), '.', 2), 6, '0') AS BIGINT) END;

-- Decimal text in kg/kWh to whole ug/kWh: exact up to nine decimals, more are refused unless they are zeros.
CREATE OR REPLACE MACRO kg_per_kwh_text_to_ug_per_kwh(text) AS
  CASE WHEN regexp_full_match(trim(text), '[+-]?[0-9]{1,9}(\.[0-9]{1,9}0*)?')
       THEN CAST(split_part(trim(text), '.', 1) || rpad(split_part(trim(text), '.', 2), 9, '0') AS BIGINT) END;

-- An instant in UTC, cut to whole seconds; one without a zone is UTC, and the first instant of 1970 stands for an unknown one.
CREATE OR REPLACE MACRO utc_text_to_instant(text) AS
  nullif(coalesce(iso_text_to_instant(text), iso_text_to_instant(trim(text) || 'Z')), TIMESTAMPTZ '1970-01-01 00:00:00Z');

-- Decimal text in hours to whole seconds; a part of a second counts as one.
CREATE OR REPLACE MACRO hours_text_to_s(text) AS
  CASE WHEN regexp_full_match(trim(text), '[0-9]{1,9}(\.[0-9]{1,18})?')
       THEN CAST(ceil(TRY_CAST(trim(text) AS DECIMAL(38,18)) * 3600) AS BIGINT) END;

-- Decimal text in kWh to whole fWh (10^-15 Wh): exact up to eighteen decimals, more are refused.
CREATE OR REPLACE MACRO kwh_text_to_fwh(text) AS mwh_text_to_pwh(text);

-- Whether parts, told in fWh, make up a total: as far as 0.1 kWh or one percent of it.
CREATE OR REPLACE MACRO parts_agree(parts, total) AS
  abs(CAST(parts AS HUGEINT) - CAST(total AS HUGEINT)) * 100
  <= greatest(CAST(10000000000000000000 AS HUGEINT), CAST(total AS HUGEINT));

-- The elements of a JSON list; whatever else the text is has none.
CREATE OR REPLACE MACRO json_list(text) AS
  CASE WHEN json_valid(text) THEN json_extract(CAST(text AS JSON), '$[*]') ELSE [] END;

-- Digits to a whole number; up to nine, so that a product of three stays exact.
CREATE OR REPLACE MACRO whole_text_to_int(text) AS
  CASE WHEN regexp_full_match(trim(text), '[0-9]{1,9}') THEN CAST(trim(text) AS BIGINT) END;

-- Whole fWh to whole Wh; fractions of a Wh are floored.
CREATE OR REPLACE MACRO fwh_to_wh(fwh) AS CAST(int_div(fwh, 1000000000000000) AS BIGINT);

-- A calendar month, such as 2026-03, as its first day.
CREATE OR REPLACE MACRO month_text_to_day(text) AS
  CASE WHEN regexp_full_match(trim(text), '[0-9]{4}-[0-9]{2}') THEN TRY_CAST(trim(text) || '-01' AS DATE) END;
