"""The county of a station decides the province, and the province the factor (1.3.0).

Paper: 10 kWh AC are 10 000 x (912 631 200 - EF) ng, by the official averages of 2023 (tests/oracle/provincial.py):
  Shanghai 0.5737   3 389 points    Zhejiang 0.4974   4 152 points    Tibet has none: national 0.5306   3 820 points
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ledger.book import Book
from tests.ledger.hourly_book import AMOUNTS, of_version
from tests.ledger.told import charged, station, unplaced
from tests.oracle import provincial

WAITS = ("awaiting station", "the version needs the county of the station")
SHANGHAI, ZHEJIANG, TIBET = "310115", "330106", "540102"


version = of_version("cn_ev_charging@1.3.0")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


def state(book: Book, order: str = "1") -> tuple[Any, Any]:
    book.account()
    found = book.session(f"OP:{order}")
    return found["state"], found["reason"]


def entries(book: Book, order: str = "1") -> list[tuple[Any, ...]]:
    told = [entry for entry in book.entries() if entry["session_id"] == f"OP:{order}"]
    return [(entry["points"], entry["kind"], entry["reason"]) for entry in told]


def is_as_the_oracle_says(book: Book, counties: dict[str, str | None]) -> None:
    """Amounts of every session, and the factor that was used, by order and county."""
    book.publish()
    found = {
        row["session_id"]: tuple(int(row[name]) for name in AMOUNTS) for row in book.published("session_assessment")
    }
    owed = {
        f"OP:{order}": provincial.cn_ev_charging(10_000, "AC", "ac_input", code) for order, code in counties.items()
    }
    assert found == {name: tuple(getattr(o, each) for each in AMOUNTS) for name, o in owed.items() if o}
    used = {(row["region"], row["intensity_ug_per_kwh"]) for row in book.published("grid_intensity_hour")}
    factors = {factor[1] for code in counties.values() if (factor := provincial.factor(code))}
    assert {intensity for _, intensity in used} >= factors


def test_a_session_waits_for_the_county_of_its_station(book: Book) -> None:
    book.send("session_csv", charged("1"), unplaced("2"), charged("3", station_id="ELSEWHERE"))
    assert state(book) == WAITS
    assert (state(book, "2"), state(book, "3"), book.entries()) == (("awaiting station", None), WAITS, [])
    book.send("station_csv", station(county_code=""))
    assert (state(book), state(book, "2")) == (WAITS, WAITS)
    book.send("station_csv", station(county_code=SHANGHAI))
    assert (state(book), state(book, "2"), state(book, "3")) == (("awarded", None), ("awarded", None), WAITS)
    assert entries(book) == entries(book, "2") == [(3389, "issuance", "first assessment")]
    assert book.session("OP:1")["region"] == "CN-GRID-EAST"
    is_as_the_oracle_says(book, {"1": SHANGHAI, "2": SHANGHAI, "3": None})


def test_where_a_province_has_no_factor_the_national_one_is_seen_in_the_row(book: Book) -> None:
    book.send("session_csv", charged("1", region="CN-GRID-SW"))
    book.send("station_csv", station(county_code=TIBET, region="CN-GRID-SW"))
    assert (state(book), entries(book)) == (("awarded", None), [(3820, "issuance", "first assessment")])
    is_as_the_oracle_says(book, {"1": TIBET})
    told = {(r["region"], r["intensity_ug_per_kwh"], r["factor_origin"]) for r in book.published("grid_intensity_hour")}
    assert told == {("CN-XZ", 530_600_000, "annual national average, 2023")}


def test_another_county_of_the_station_posts_the_difference_and_says_why(book: Book) -> None:
    book.send("session_csv", charged("1"))
    book.send("station_csv", station(county_code=SHANGHAI))
    book.account()
    book.send("station_csv", station(county_code=ZHEJIANG))
    assert state(book) == ("awarded", None)
    changed = [(3389, "issuance", "first assessment"), (4152 - 3389, "adjustment", "changed station")]
    assert entries(book) == changed
    is_as_the_oracle_says(book, {"1": ZHEJIANG})
    book.send("station_csv", station(county_code="330110"))  # another county of the same province: nothing to post
    assert (state(book), entries(book)) == (("awarded", None), changed)
    book.send("station_csv", station(county_code=""))
    assert state(book) == WAITS
    assert [entry[:2] for entry in entries(book)[2:]] == [(-4152, "reversal")]


@pytest.mark.parametrize("code", ["710000", "810000", "990000"])
def test_a_county_of_no_province_with_a_grid_factor_is_not_awarded(book: Book, code: str) -> None:
    book.send("session_csv", charged("1"))
    book.send("station_csv", station(county_code=code))
    assert (state(book), book.entries()) == (WAITS, [])
    is_as_the_oracle_says(book, {"1": code})
