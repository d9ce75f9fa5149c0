"""A charge that two parties tell landed when the first of them told it, whoever holds the claim.

Paper: 10 kWh AC in China in 2026 are 3 820 points; first told more than 30 days after its end it is too late.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.book import Book
from tests.ledger.told import charged, station

SOON, LATE = "2026-03-12T00:00:00Z", "2026-04-08T04:00:01Z"  # noon of 9 March in Shanghai, and 30 days and a second
OWN = charged("1", connector_id="1")
OTHER = charged("9", operator="AGG", connector_id="1")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    found = Book(tmp_path / "book")
    found.send("station_csv", station(connector_id="1"), station(connector_id="1", issuer="AGG"))
    return found


def points(book: Book) -> int:
    return sum(entry["points"] for entry in book.entries())


@pytest.mark.parametrize("is_accounted_between", [True, False])
def test_the_operators_late_record_of_a_charge_that_was_told_in_time_is_in_time(
    book: Book, is_accounted_between: bool
) -> None:
    book.send("session_csv", OTHER, at=SOON)
    if is_accounted_between:
        book.account(at=SOON)
        assert points(book) == 3820
    book.send("session_csv", OWN, at=LATE)
    book.account(at=LATE)
    assert book.session("OP:1")["state"] == "awarded"
    assert points(book) == 3820


def test_a_charge_that_both_tell_late_is_late(book: Book) -> None:
    book.send("session_csv", OTHER, at=LATE)
    book.send("session_csv", OWN, at=LATE)
    book.account(at=LATE)
    assert (book.session("OP:1")["state"], points(book)) == ("not awarded", 0)


def test_another_rated_power_of_the_station_of_a_final_award_is_held(tmp_path: Path) -> None:
    """10 kWh in two hours are 5 kW: within 1.05 x 7 kW, and beyond 1.05 x 4 kW. The session tells its region, not its power."""
    book = Book(tmp_path / "book")
    book.send("station_csv", station(rated_kw="7", county_code=""))
    book.send("session_csv", charged("1"))
    book.account(at="2026-04-20T00:00:00Z")
    assert points(book) == 3820
    book.send("station_csv", station(rated_kw="4", county_code=""), at="2026-04-21T00:00:00Z")
    assert book.account(at="2026-04-21T00:00:00Z")["held"] == ["OP:1"]
    assert points(book) == 3820
