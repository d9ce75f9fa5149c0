"""Text becomes integers exactly or not at all: energy, generation and instants against Decimal, datetime and zoneinfo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_FLOOR, Context, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chargeledger.engine import Engine

EXACT = Context(prec=80, rounding=ROUND_FLOOR)
WIDE = settings(max_examples=400, deadline=None, derandomize=True)
ZONES = ("UTC", "America/Los_Angeles", "Europe/London", "Asia/Shanghai", "Australia/Lord_Howe")
LOCAL = "%Y-%m-%d %H:%M:%S"
ENGINE: list[Engine] = []


@pytest.fixture(scope="module", autouse=True)
def engine() -> Iterator[None]:
    with Engine() as opened:
        opened.load_words("ingest")
        ENGINE.append(opened)
        yield
    ENGINE.clear()


def _read(word: str, *arguments: str) -> int | None:
    """An integer that the prelude makes of text, or whole seconds of an instant; None where it refuses the text."""
    call = f"{word}({', '.join('?' * len(arguments))})"
    call = f"epoch_us({call})" if word.endswith("instant") else f"CAST({call} AS HUGEINT)"
    ((value,),) = ENGINE[0].con.execute(f"SELECT {call}", list(arguments)).fetchall()
    if value is None or not word.endswith("instant"):
        return value
    assert value % 1_000_000 == 0, "an instant is whole seconds"
    return int(value) // 1_000_000


@st.composite
def decimal_texts(draw: st.DrawFn, whole_digits: int, decimals: int) -> str:
    digits = st.text("0123456789", min_size=1, max_size=whole_digits)
    fraction = draw(st.none() | st.text("0123456789", min_size=1, max_size=decimals))
    return draw(st.sampled_from(("", "+", "-"))) + draw(digits) + ("" if fraction is None else f".{fraction}")


# --- energy in kWh to Wh ---

KWH = {
    "0.001": 1,
    "0.0019": 1,  # a fraction of a Wh is floored
    "0.000999999999999999": 0,
    "6.31": 6310,  # 6309.999… in binary
    "8.04": 8040,
    "0.29": 290,
    "1.005": 1005,
    "123456789012345.999999999999999999": 123456789012345999,
    "999999999999999": 999999999999999000,
    "+5": 5000,
    " 7.2 ": 7200,
    "-0": 0,
    "-0.000": 0,
    "-0.0001": -1,  # floored, and so never mistaken for zero
    "-6.31": -6310,
    "000000000000007": 7000,
}
NOT_KWH = (
    *("", " ", "1e3", "1E3", ".5", "5.", "1,5", "1.000,5", "1 000", "1_000", "--5", "+-5", "0x10", "1.2.3", "5 kWh"),
    *("NaN", "nan", "Infinity", "-Infinity", "inf", "NULL", "n/a", "\t7", "7\n", "７", "٣", "1.5\x00"),
    *("1234567890123456", "0.0000000000000000001"),  # sixteen digits, nineteen decimals: too long to be exact
)


@pytest.mark.parametrize(("text", "wh"), KWH.items())
def test_energy_from_text(text: str, wh: int) -> None:
    assert _read("kwh_text_to_wh", text) == wh


@pytest.mark.parametrize("text", NOT_KWH)
def test_text_that_is_no_energy(text: str) -> None:
    assert _read("kwh_text_to_wh", text) is None
    assert _read("mwh_text_to_pwh", text) is None or text == "1234567890123456"


@WIDE
@given(decimal_texts(whole_digits=15, decimals=18))
def test_every_decimal_text_is_read_exactly(text: str) -> None:
    expected = EXACT.multiply(Decimal(text), 1000).to_integral_value(ROUND_FLOOR)
    assert _read("kwh_text_to_wh", text) == int(expected)
    assert _read("kw_text_to_w", text) == int(expected)


@WIDE
@given(st.text("0123456789+-.,eE xnaif_\t", max_size=24) | st.text(max_size=8))
def test_no_text_is_read_as_another_number(text: str) -> None:
    assume("\x00" not in text)
    read = _read("kwh_text_to_wh", text)
    if read is not None:
        try:
            assert read == EXACT.multiply(Decimal(text.strip(" ")), 1000).to_integral_value(ROUND_FLOOR)
        except InvalidOperation:
            pytest.fail(f"{text!r} is no number and was read as {read}")


# --- generation in MWh to pWh (10^-12 Wh) ---


@WIDE
@given(decimal_texts(whole_digits=9, decimals=18))
def test_every_generation_text_is_read_exactly(text: str) -> None:
    assert _read("mwh_text_to_pwh", text) == int(Decimal(text).scaleb(18, EXACT))


@pytest.mark.parametrize(
    ("text", "pwh"),
    [
        ("12345.1234567890123456", 12345_123456789012345600),  # sixteen decimals, as real files have
        ("0.0000000000000001", 100),
        ("-42.5", -42_500000000000000000),
        ("-0.5", -500000000000000000),
        ("999999999.999999999999999999", 999999999_999999999999999999),
        ("1234567890", None),
        ("1.0000000000000000001", None),
        ("1e3", None),
    ],
)
def test_generation_from_text(text: str, pwh: int | None) -> None:
    assert _read("mwh_text_to_pwh", text) == pwh


# --- instants ---

INSTANT = {
    "2026-03-09T01:00:00Z": "2026-03-09T01:00:00+00:00",
    "2026-03-09 01:00:00+08": "2026-03-08T17:00:00+00:00",
    "2026-03-09T01:00+0800": "2026-03-08T17:00:00+00:00",
    "2026-03-09T01:00:00+05:45": "2026-03-08T19:15:00+00:00",
    "2026-03-08T19:30:00-03:30": "2026-03-08T23:00:00+00:00",
    "2026-03-09T01:00:00.9999999Z": "2026-03-09T01:00:00+00:00",  # cut, never rounded up
    "1969-12-31T23:59:59.5Z": "1969-12-31T23:59:59+00:00",
    "2024-02-29T23:59:59+08:00": "2024-02-29T15:59:59+00:00",
    "2026-03-09T24:00:00+08:00": "2026-03-09T16:00:00+00:00",
    " 2026-03-09T01:00:00-00:00 ": "2026-03-09T01:00:00+00:00",
}
NOT_INSTANT = (
    *("", "2026-03-09", "2026-03-09T01:00:00", "2026-02-29T01:00:00Z", "2100-02-29T01:00:00Z", "2026-13-01T01:00:00Z"),
    *("2026-03-09T25:00:00Z", "2026-03-09T01:60:00Z", "2026-03-09T23:59:60Z", "2026-3-9T01:00:00Z", "1773018000"),
    *(
        "09.03.2026 01:00:00+08:00",
        "2026-03-09T01:00:00 +08:00",
        "2026-03-09T01:00:00 Asia/Shanghai",
        "26-03-09T01:00Z",
    ),
)


@pytest.mark.parametrize(("text", "instant"), INSTANT.items())
def test_instant_from_text(text: str, instant: str) -> None:
    assert _read("iso_text_to_instant", text) == datetime.fromisoformat(instant).timestamp()


@pytest.mark.parametrize("text", NOT_INSTANT)
def test_text_that_is_no_instant(text: str) -> None:
    assert _read("iso_text_to_instant", text) is None


@pytest.mark.parametrize("text", ["2026-03-09T01:00:00+25:00", "2026-03-09T01:00:00+08:60"])
def test_an_offset_that_no_clock_has(text: str) -> None:
    assert _read("iso_text_to_instant", text) is None


@WIDE
@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),
    st.integers(-15 * 60, 15 * 60),
    st.sampled_from(("T", " ")),
)
def test_every_instant_with_an_offset(local: datetime, minutes: int, between: str) -> None:
    told = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    elapsed = told - datetime(1970, 1, 1, tzinfo=UTC)
    assert _read("iso_text_to_instant", told.isoformat(between)) == elapsed // timedelta(seconds=1)


@WIDE
@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)), st.sampled_from(ZONES))
def test_every_local_time_that_is_one_instant(local: datetime, zone: str) -> None:
    instants = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    assume(len(instants) == 1)  # neither skipped nor told twice by a change of the clock
    (instant,) = instants
    assert _read("local_text_to_instant", f"{local:{LOCAL}}", LOCAL, zone) == int(instant.timestamp())


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("America/Los_Angeles", "2018-03-11 01:59:59", "2018-03-11T09:59:59+00:00"),
        ("America/Los_Angeles", "2018-03-11 03:00:00", "2018-03-11T10:00:00+00:00"),
        ("America/Los_Angeles", "2018-11-04 00:59:59", "2018-11-04T07:59:59+00:00"),
        ("America/Los_Angeles", "2018-11-04 02:00:00", "2018-11-04T10:00:00+00:00"),
        ("Australia/Lord_Howe", "2019-04-07 02:00:00", "2019-04-06T15:30:00+00:00"),
        ("UTC", "2020-02-29 23:59:59", "2020-02-29T23:59:59+00:00"),
    ],
)
def test_local_times_around_a_change_of_the_clock(zone: str, local: str, utc: str) -> None:
    assert _read("local_text_to_instant", local, LOCAL, zone) == datetime.fromisoformat(utc).timestamp()


@pytest.mark.parametrize(
    "text", ["2019-02-29 00:00:00", "05/10/2018 01:02:03", "2018-10-05T01:02:03", "2018-10-05", ""]
)
def test_text_that_is_not_in_the_form_of_the_definition(text: str) -> None:
    assert _read("local_text_to_instant", text, LOCAL, "UTC") is None
