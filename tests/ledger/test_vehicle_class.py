"""The vehicle class is assumed where nobody tells it, and says so; a class that no version is for is outside (2.0.0).

Paper: 10 kWh AC in an hour of 60 % fossil generation are 4 162 points (test_open_hours.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.hourly_book import EAST, EVENING, HOUR, NOON, HourlyBook, ac, mixed, of_version
from tests.ledger.told import charged

TIMES = {"started_at": NOON.isoformat(), "ended_at": (NOON + HOUR).isoformat()}
OUTSIDE = ("outside", "no version in force for the vehicle class")


version = of_version("cn_ev_charging@2.0.0")


@pytest.fixture
def book(tmp_path: Path) -> HourlyBook:
    book = HourlyBook(tmp_path / "book")
    book.grid({(EAST, NOON): mixed(60)})
    return book


def test_each_class_has_its_fate(book: HourlyBook) -> None:
    """Ten in one file: more than a tenth refused would keep the file out."""
    classes = dict(enumerate(("", "light_duty", "Light_Duty", "bus", "two_wheeler", "truck", "tram", "", "", "")))
    rows = [charged(str(n), **TIMES) | {"vehicle_class": told} for n, told in classes.items()]
    book.tell("session_csv", *rows, at=EVENING)
    book.run()
    states = [book.session(f"OP:{order}") for order in range(7)]
    refused = ("quarantined", "vehicle_class_known")
    assert [(row["state"], row["reason"]) for row in states] == [*[("awarded", None)] * 3, *[OUTSIDE] * 3, refused]
    assert [row["rule"] for row in book.staged("quarantine")] == ["vehicle_class_known"]
    assert [row["is_vehicle_class_assumed"] for row in states] == [True, False, False, None, None, None, None]
    book.publish(EVENING.isoformat())
    assumed = {row["session_id"]: row["is_vehicle_class_assumed"] for row in book.published("session_assessment")}
    assert assumed == {f"OP:{order}": order not in (1, 2) for order in (0, 1, 2, 7, 8, 9)}
    assert [entry["points"] for entry in book.entries()] == [4162] * 6


def test_a_class_that_is_told_later_is_a_correction(book: HourlyBook) -> None:
    first = ("issuance", "first assessment")
    for number, told in enumerate(("", "light_duty", "bus", "light_duty")):
        book.charge(ac("1", NOON), vehicle_class=told, revised_at=f"2026-03-09T15:0{number}:00Z")
        book.run()
    points = [change[:2] for change in book.changes("1")]
    assert points == [(4162, first[0]), (-4162, "reversal"), (4162, first[0])]
    assert book.session("OP:1")["is_vehicle_class_assumed"] is False
