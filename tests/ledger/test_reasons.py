"""Three reasons of entries: what is no longer assessed, what awaited its hour, and what was matched with green power.

Paper: 10 kWh in California are 10 000 x (905 091 303 - EF) ng: 5 350.91303 g in an hour of gas (370 000 000 ug/kWh), 7 200.91303
in one of half gas and half solar. In China under 3.0.0 10 kWh are 3 030.312 g, and 3 048 g more with 5 of them matched; under
1.3.0 in Zhejiang they are 10 000 x (912 631 200 - 497 400 000) ng = 4 152.312 g.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger import rooms
from tests.ledger import green_book
from tests.ledger.book import NEXT, NOON, PARTS, Book, charge_us, mix, told
from tests.ledger.green_book import CLOSE, SECOND, Charge, GreenBook, Supply
from tests.ledger.hourly_book import use_version
from tests.ledger.told import charged, station

WHAT = ("session_id", "kind", "reason", *PARTS)
GAS = (5350, 5_350_913_030_000, 0, 0, 913_030_000, 0)
HALF = (7200, 7_200_913_030_000, 0, 0, 913_030_000, 0)


def less(amounts: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-each for each in amounts)


def posted(book: Book) -> list[tuple[object, ...]]:
    """All entries but the first."""
    return [told(entry, *WHAT) for entry in book.entries()[1:]]


def test_awaited_grid_data_brings_back_what_was_corrected_into_an_hour_that_nobody_had_told(
    california_at_noon: Book,
) -> None:
    book = california_at_noon
    book.sessions(charge_us("1", "10", ended="2026-03-10T19:00:00Z"), at=NOON)  # 18:00 Z, not 17:00 Z
    book.account(at=NOON)
    assert book.session("OP:1")["state"] == "awaiting grid"
    book.grid(mix(NEXT, gas=50, solar=50), at=NOON)
    book.account(at=NOON)
    assert posted(book) == [
        ("OP:1", "reversal", "corrected session, no longer assessed", *less(GAS)),
        ("OP:1", "issuance", "awaited grid data", *HALF),
    ]


def test_a_station_told_again_without_its_county_leaves_nothing_to_assess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_version(monkeypatch, tmp_path, "cn_ev_charging@1.3.0")
    book = Book(tmp_path / "book")
    book.send("session_csv", charged("1"))
    for county in ("330106", ""):
        book.send("station_csv", station(county_code=county))
        book.account()
    zhejiang = (4152, 4_152_312_000_000, 0, 0, 312_000_000, 0)
    assert posted(book) == [("OP:1", "reversal", "changed station, no longer assessed", *less(zhejiang))]


def test_matched_green_power_is_the_reason_of_the_run_that_matches_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them: who gets nothing of the supply has no entry."""
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book, one = GreenBook(tmp_path / "book"), Charge(1, (10_000,), place="A")
    book.supply(Supply("ROOF", 5_000, kind="pv", scope="station", scope_id="A"))
    book.charges(one, Charge(2, (10_000,), account="bob", place="B"))
    for clock in (CLOSE - SECOND, CLOSE):
        book.settle(clock)
    assert [told(entry, "kind", "points") for entry in book.entries()[:2]] == [("issuance", 3030)] * 2
    matched = ("adjustment", "matched green power", 3048, 3_048_000_000_000, 0, 0, 0, 0)
    assert posted(book)[1:] == [(one.session_id, *matched)]
