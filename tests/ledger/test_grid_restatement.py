"""Grid hours that are restated, or arrive after the session, move exactly the sessions that touch them.

Paper: an AC charge in California of 10 kWh is worth 10 000 x (905 091 303 - EF) ng, EF in ug/kWh of its hour:
  gas alone, 370 000 000               5 350 913 030 000 ng = 5 350 points + 913 030 000 ng
  half gas, half solar, 185 000 000    7 200 913 030 000 ng = 7 200 points + 913 030 000 ng
  solar alone, 0                       9 050 913 030 000 ng = 9 050 points + 913 030 000 ng
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.book import CN, HOUR, NEXT, NOON, US, Book, charge, charge_us, mix, told

GAS, HALF, SUN = {"gas": 100}, {"gas": 50, "solar": 50}, {"solar": 100}
PARTS = ("kind", "reason", "points", "emission_reductions_ng", "rounding_ng", "points_after", "status")


@pytest.fixture
def book(california_at_noon: Book) -> Book:
    return california_at_noon


def test_a_restated_hour_of_a_provisional_vintage_posts_the_difference(book: Book) -> None:
    book.grid(mix(HOUR, **HALF), at=NOON)
    book.account(at=NOON)
    first, second = book.entries()
    assert told(first, "kind", "points", "status") == ("issuance", 5350, "provisional")
    # (370 000 000 - 185 000 000) x 10 000
    restated = ("adjustment", "restated grid data", 1850, 1_850_000_000_000, 0, 7200, "provisional")
    assert told(second, *PARTS) == restated


def test_an_hour_restated_twice_and_back_ends_where_it_was(book: Book) -> None:
    for sources in (HALF, SUN, {"gas": "100.0"}):  # the very same bytes again would land as the first file
        book.grid(mix(HOUR, **sources), at=NOON)
        book.account(at=NOON)
    assert [entry["points"] for entry in book.entries()] == [5350, 1850, 1850, -3700]


def test_an_hour_is_superseded_whole_and_not_source_by_source(book: Book) -> None:
    book.grid(mix(HOUR, solar=100), at=NOON)  # gas is not told any more: it is absent, not the 100 MWh of before
    book.account(at=NOON)
    assert told(book.entries()[1], "points", "points_after") == (3700, 9050)


def test_only_sessions_that_touch_the_restated_hour_are_touched(book: Book) -> None:
    book.grid(mix(NEXT, **SUN), at=NOON)
    # half an hour in each: 5 000 Wh x 370 000 000 + 5 000 Wh x 0: PE = 1 850 000 000 000, so 7 200 points
    half = charge_us("2", "10", ended="2026-03-10T18:30:00Z", started="2026-03-10T17:30:00Z")
    book.sessions(half, charge("3", "10"), at=NOON)
    book.account(at=NOON)
    book.grid(mix(NEXT, **GAS), at=NOON)
    assert book.account(at=NOON)["touched"] == 1
    assert told(book.entries()[-1], "session_id", *PARTS[:4]) == (
        "OP:2",
        "adjustment",
        "restated grid data",
        -1850,
        -1_850_000_000_000,
    )


def test_a_session_that_ends_on_the_hour_does_not_touch_the_next(book: Book) -> None:
    book.grid(mix(NEXT, **SUN), mix("2026-03-10T16:00:00Z", **SUN), at=NOON)
    assert book.account(at=NOON)["touched"] == 0


def test_an_hour_repeated_with_the_same_figures_touches_nothing(book: Book) -> None:
    assert book.grid(mix(HOUR, gas="100.0"), at=NOON)["rows_duplicate"] == 1
    assert book.account(at=NOON)["touched"] == 0


def test_a_missing_hour_waits_and_posts_at_once_when_it_arrives_into_a_final_vintage(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.grid(mix(HOUR, **GAS))
    longer = charge_us("1", "20", ended="2026-03-10T19:00:00Z", started="2026-03-10T17:00:00Z")
    book.sessions(longer)
    assert book.account()["posted_entries"] == 0
    assert (book.session("OP:1")["state"], book.session("OP:1")["energy_wh"]) == ("awaiting grid", None)
    assert book.vintages() == {(US, "2026-03-10"): "final"}  # what waits does not hold a vintage up
    book.grid(mix(NEXT, **SUN))
    done = book.account()
    # 10 000 x 370 000 000 in the first hour, nothing in the second: 20 000 x 905 091 303 - 3.7 x 10^12
    assert done["held"] == []
    assert [told(entry, *PARTS) for entry in book.entries()] == [
        ("issuance", "first assessment", 14401, 14_401_826_060_000, 826_060_000, 14401, "final")
    ]


def test_a_correction_into_a_missing_hour_takes_back_until_the_hour_arrives(book: Book) -> None:
    book.sessions(charge_us("1", "10", ended="2026-03-10T19:00:00Z"), at=NOON)
    book.account(at=NOON)
    assert told(book.entries()[1], "kind", "points", "points_after") == ("reversal", -5350, 0)
    assert book.session("OP:1")["state"] == "awaiting grid"
    book.grid(mix(NEXT, **HALF), at=NOON)
    book.account(at=NOON)
    assert told(book.entries()[2], "kind", "points", "points_after") == ("issuance", 7200, 7200)


def test_the_reason_of_an_awaited_hour_is_not_a_cap_that_nobody_has(book: Book) -> None:
    book.sessions(charge_us("1", "10", ended="2026-03-10T19:00:00Z"), at=NOON)
    book.account(at=NOON)
    book.grid(mix(NEXT, **HALF), at=NOON)
    book.account(at=NOON)
    assert "cap" not in book.entries()[2]["reason"]


def test_the_reason_names_everything_that_differs(book: Book) -> None:
    book.grid(mix(HOUR, **HALF), at=NOON)
    book.sessions(charge_us("1", "12"), at=NOON)
    book.account(at=NOON)
    assert book.entries()[1]["reason"] == "corrected session, restated grid data"


@pytest.mark.parametrize(
    "order",
    [
        (US, CN),
        pytest.param(
            (CN, US),
        ),
    ],
)
def test_every_hour_that_was_told_is_published_whatever_programme_is_accounted_first(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    book = Book(tmp_path)
    book.grid(mix(HOUR, **GAS), mix("2026-03-10T21:00:00Z", **GAS))  # no session touches the second
    book.sessions(charge("1", "10"), charge_us("2", "10"))
    for programme in order:
        book.account(programme=programme)
    book.publish()
    hours = [row["hour_start"].hour for row in book.published("grid_intensity_hour") if row["region"] == "US-CAL-CISO"]
    assert hours == [17, 21]
