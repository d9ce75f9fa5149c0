"""What rests on an open hour keeps its vintage open, and a final vintage takes nothing that rests on one (2.0.0).

Paper: 10 kWh AC in an hour of 80 % fossil generation give 2 507 points, of 40 % 5 817, of fossil generation alone 853 (see
test_open_hours.py). The window of the vintage of 9 March passes on 8 April 16:00 Z. The hour of 9 March 04:00 Z is closed on
23 April 05:00 Z, 45 x 86 400 s after its end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.hourly_book import (
    DAY,
    EAST,
    EVENING,
    HOUR,
    NOON,
    SECOND,
    VINTAGE,
    WINDOW,
    HourlyBook,
    ac,
    deadline,
    mixed,
    of_version,
)
from tests.ledger.told import owner

CLOSED = datetime(2026, 4, 23, 5, tzinfo=UTC)
FIRST, SETTLED = ("issuance", "first assessment"), ("adjustment", "settled grid data")
WAITS = ("awaiting grid", "the vintage is final: an award may not rest on an open hour")
HELD = ("awaiting approval", "the award of a final vintage would change")


version = of_version("cn_ev_charging@2.0.0")


@pytest.fixture
def book(tmp_path: Path) -> HourlyBook:
    """The hour before is told, that of the charge is not: 80 % stands in."""
    book = HourlyBook(tmp_path / "book")
    book.grid({(EAST, NOON - HOUR): mixed(80)})
    return book


def state(book: HourlyBook, order: str) -> tuple[Any, Any]:
    found = book.session(f"OP:{order}")
    return found["state"], found["reason"]


def test_an_hour_that_settles_and_one_that_stays_open_are_both_named(book: HourlyBook) -> None:
    """100 % arrives for the first hour, and is from now on the highest before the second."""
    book.charge(ac("1", NOON, hours=2))
    book.run()
    book.grid({(EAST, NOON): mixed(100)})
    book.run(EVENING + DAY)
    both = ("adjustment", "other provisional grid data, settled grid data")
    assert book.changes("1") == [(2507, *FIRST), (853 - 2507, *both)]


def test_45_days_after_its_end_fossil_generation_counts_without_a_file_and_the_vintage_is_final(
    book: HourlyBook, tmp_path: Path
) -> None:
    assert deadline(NOON) == CLOSED
    book.charge(ac("1", NOON), ac("2", NOON - HOUR))
    book.run()
    for early in (WINDOW, CLOSED - SECOND):
        done = book.run(early)
        assert (done["touched"], done["receipt"], book.vintages()) == (0, None, {VINTAGE: "provisional"})
    book.is_as_the_oracle_says(CLOSED - SECOND)
    assert book.run(CLOSED)["touched"] == 1
    assert book.changes("1") == [(2507, *FIRST), (853 - 2507, *SETTLED)]
    assert (book.entries()[-1]["status"], book.vintages()) == ("final", {VINTAGE: "final"})
    book.is_as_the_oracle_says(CLOSED)
    assert book.intensities()[EAST, NOON] == (827_300_000, None)
    book.is_as_on_time(CLOSED, tmp_path / "fresh")
    assert book.run(CLOSED + DAY)["touched"] == 0
    book.grid({(EAST, NOON): mixed(40)}, at=CLOSED + DAY)
    assert book.run(CLOSED + DAY)["held"] == ["OP:1"]
    assert (len(book.changes("1")), state(book, "1"), book.session("OP:1")["points"]) == (2, HELD, 853)


@pytest.mark.parametrize("is_estimated", [False, True], ids=["never told", "estimated"])
def test_after_the_deadline_the_hour_counts_while_the_vintage_is_open(
    book: HourlyBook, tmp_path: Path, is_estimated: bool
) -> None:
    """Another session of the day, five hours later, keeps the vintage open so long."""
    later, points = NOON + 5 * HOUR, 2507 if is_estimated else 853
    book.charge(ac("1", NOON), ac("2", later))
    if is_estimated:
        book.grid({(EAST, NOON): mixed(80, is_estimated=True)})
    book.run()
    assert book.run(CLOSED)["touched"] == 1
    assert (sum(change[0] for change in book.changes("1")), book.vintages()) == (points, {VINTAGE: "provisional"})
    book.is_as_the_oracle_says(CLOSED)
    book.grid({(EAST, NOON): mixed(40)}, at=CLOSED + HOUR)
    book.run(CLOSED + HOUR)
    assert book.changes("1")[-1] == (5817 - points, "adjustment", "restated grid data")
    assert (book.changes("2"), book.vintages()) == ([(2507, *FIRST)], {VINTAGE: "provisional"})
    book.is_as_the_oracle_says(CLOSED + HOUR)
    assert book.run(deadline(later) - SECOND)["receipt"] is None
    book.run(deadline(later))
    assert (book.changes("2")[1:], book.vintages()) == ([(853 - 2507, *SETTLED)], {VINTAGE: "final"})
    book.is_as_the_oracle_says(deadline(later))
    book.is_as_on_time(deadline(later), tmp_path / "fresh")


@pytest.mark.parametrize("arrives", [True, False], ids=["the hour arrives", "the deadline passes"])
def test_a_first_award_of_a_final_vintage_waits_for_the_open_hour(
    book: HourlyBook, tmp_path: Path, arrives: bool
) -> None:
    """One session lands after all, and one gets its owner then: what has no owner does not hold a vintage up."""
    book.charge(ac("1", NOON - HOUR), ac("2", NOON, owner=None))
    book.run()
    book.run(WINDOW)
    assert (state(book, "2"), book.vintages()) == (("awaiting owner", None), {VINTAGE: "final"})
    book.tell("session_owner_csv", owner(order_number="2"), at=WINDOW + HOUR)
    book.charge(ac("3", NOON), ac("4", NOON - HOUR), at=WINDOW + HOUR)
    done = book.run(WINDOW + HOUR)
    assert (done["touched"], done["held"]) == (3, [])
    assert {order: state(book, order) for order in "234"} == {"2": WAITS, "3": WAITS, "4": ("not awarded", "late")}
    assert [entry["session_id"] for entry in book.entries()] == ["OP:1", "OP:4"]
    book.is_as_the_oracle_says(WINDOW + HOUR, "OP:2", "OP:3")
    assert book.run(CLOSED - SECOND)["receipt"] is None
    if arrives:
        book.grid({(EAST, NOON): mixed(40)}, at=CLOSED - SECOND)
    at = CLOSED - SECOND if arrives else CLOSED
    assert book.run(at)["held"] == []
    assert (book.changes("2"), book.changes("3")) == ([(5817 if arrives else 853, *FIRST)], [(0, *FIRST)])
    assert {entry["status"] for entry in book.entries()[1:]} == {"final"}
    assert (state(book, "2"), state(book, "3")) == (("awarded", None), ("not awarded", "late"))
    book.is_as_the_oracle_says(at)
    book.is_as_on_time(at, tmp_path / "fresh")


def test_what_is_not_awarded_holds_its_vintage_open_too(book: HourlyBook) -> None:
    """Its reductions are in the ledger: they settle while the vintage is open, and nobody has to approve that."""
    book.charge(ac("1", NOON - HOUR), ac("2", NOON, 201))
    book.run()
    assert state(book, "2") == ("not awarded", "energy")
    book.run(WINDOW)
    assert book.vintages() == {VINTAGE: "provisional"}
    done = book.run(CLOSED)
    assert (done["held"], book.vintages()) == ([], {VINTAGE: "final"})
    book.is_as_the_oracle_says(CLOSED)
    settled = sum(entry["not_awarded_ng"] for entry in book.entries() if entry["session_id"] == "OP:2")
    assert settled == 201_000 * (912_631_200 - 827_300_000)


def test_what_waited_for_any_hour_waits_on_when_its_vintage_has_become_final(book: HourlyBook) -> None:
    """Nothing of the north is known; when an older hour is, it may stand in no more."""
    book.charge(ac("1", NOON - HOUR), ac("2", NOON, region="CN-GRID-NORTH"))
    book.run()
    book.run(WINDOW)
    assert (state(book, "2"), book.vintages()) == (("awaiting grid", None), {VINTAGE: "final"})
    book.grid({("CN-GRID-NORTH", NOON - HOUR): mixed(40)}, at=WINDOW + DAY)
    book.run(WINDOW + DAY)
    assert (state(book, "2"), book.changes("2")) == (WAITS, [])
    book.run(CLOSED)
    assert book.changes("2") == [(853, *FIRST)]
    book.is_as_the_oracle_says(CLOSED)
