"""An hour is matched once: by the first accounting at or after its close, 72 hours after its end, and what it matched is kept.

Paper: 10 kWh AC at noon of 10 March in Shanghai, half of it from a contract. Unmatched 10 000 x (912 631 200 - 609 600 000) ng
= 3 030.312 g; matched 10 000 x 912 631 200 - 5 000 x 609 600 000 = 6 078.312 g.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chargeledger import asking, rooms
from tests.ledger import green_book
from tests.ledger.green_book import CLOSE, CN, HOUR, NOON, SECOND, Charge, GreenBook, Supply
from tests.oracle import green

ONE = Charge(1, (10_000,))
HALF = Supply("C", 5_000)
UNMATCHED, MATCHED = 3_030_312_000_000, 6_078_312_000_000


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreenBook:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book = GreenBook(tmp_path / "book")
    book.supply(HALF)
    book.charges(ONE)
    return book


def until(book: GreenBook) -> object:
    return book.session(ONE.session_id)["provisional_until"]


def test_one_second_before_the_close_nothing_is_matched_and_at_the_close_all_is(book: GreenBook) -> None:
    book.settle(CLOSE - SECOND)
    assert (book.matched(), book.rows_of("match_hour"), book.reductions()) == ({}, [], {ONE.session_id: UNMATCHED})
    assert until(book) == CLOSE
    book.settle(CLOSE)
    assert book.matched() == {(ONE.session_id, NOON, "C"): 5_000}
    assert book.reductions() == {ONE.session_id: MATCHED}
    assert until(book) == green.retirement_due(NOON)
    (hour,) = book.rows_of("match_hour")
    told = ("hour_start", "matched_at", "methodology", "demand_wh", "available_wh", "matched_wh")
    assert tuple(hour[name] for name in told) == (NOON, CLOSE, "cn_ev_charging@3.0.0", 10_000, 5_000, 5_000)
    assert [entry["points"] for entry in book.entries()] == [3_030, 3_048]


def test_what_is_matched_is_matched_once(book: GreenBook) -> None:
    book.settle(CLOSE)
    for days in (1, 2):
        later = CLOSE + days * 24 * HOUR
        book.supply(Supply("C", 5_000 + days), at=later)
        book.settle(later)
    assert book.matched() == {(ONE.session_id, NOON, "C"): 5_000}
    assert len(book.rows_of("match_hour")) == 1
    assert book.reductions() == {ONE.session_id: MATCHED}


@pytest.mark.parametrize("hours", [0, 1, 100])
def test_the_programme_says_when_an_hour_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path, match_close_hours=hours))
    book, close = GreenBook(tmp_path / "book"), NOON + HOUR + hours * HOUR
    before = NOON + HOUR // 2
    book.supply(HALF, at=before)
    book.charges(Charge(1, (10_000,), minutes=20), at=before)
    book.settle(close - SECOND)
    assert (book.matched(), until(book)) == ({}, close)
    book.settle(close)
    assert book.matched() == {(ONE.session_id, NOON, "C"): 5_000}


def test_hours_of_one_charge_are_matched_each_at_its_own_close(book: GreenBook) -> None:
    two = Charge(2, (2_000, 3_000), start=NOON + 5 * HOUR, minutes=30)
    supply = [Supply("C", 1_000, two.start), Supply("C", 1_500, two.start + HOUR)]
    book.supply(*supply)
    book.charges(two, at=two.ended)
    first, second = two.start + 73 * HOUR, two.start + 74 * HOUR
    for clock in (first - SECOND, first, second - SECOND, second):
        book.settle(clock)
        charges, all_supply = (ONE, two), (HALF, *supply)
        due = green.assess(green_book.given(charges, all_supply, clock))
        assert book.reductions() == {key: each.amounts.emission_reductions_ng for key, each in due.items()}
        states = book.states("session_state", "session_id")
        assert {key: row["provisional_until"] for key, row in states.items()} == {
            key: each.provisional_until for key, each in due.items()
        }
    assert book.matched() == green.matches(green_book.given((ONE, two), (HALF, *supply), second))


def test_receipts_list_the_match_and_a_rerun_says_the_same(book: GreenBook) -> None:
    for clock in (CLOSE - SECOND, CLOSE):
        book.settle(clock)
    book.charges(Charge(2, (4_000,), place="P2"), at=CLOSE + HOUR)
    book.settle(CLOSE + HOUR)
    empty, full, none_new = [
        json.loads((book.root / "receipts" / f"{commit['receipt']}.json").read_text())["outputs"]
        for commit in book.commits()
    ]
    for relation in ("energy_match", "match_hour"):
        assert empty[relation] == none_new[relation] != full[relation]
    for commit in book.commits():
        said = asking.rerun(commit["receipt"], book.lake)
        assert said["same"], said
    assert len(book.rows_of("match_hour")) == 1


def test_what_is_only_asked_stores_no_match(book: GreenBook) -> None:
    """A shadow and a comparison see the hour matched at their clock; the ledger keeps what it had."""
    book.settle(CLOSE - SECOND)
    kept = files_of(book)
    asked = (book.lake, "2026-03-10", "cn_ev_charging@3.0.0", CN)
    for clock, points in ((CLOSE - SECOND, 3_030), (CLOSE, 6_078)):
        assert asking.compare_methodology(*asked, at=clock.isoformat())["points"] == points
        told = asking.shadow(*asked, against="cn_ev_charging@1.2.0", at=clock.isoformat())
        assert told["totals"]["points"] == points
    assert files_of(book) == kept
    late = Charge(2, (10_000,), place="P2")
    book.charges(late, at=CLOSE)
    book.settle(CLOSE)
    assert book.matched() == {(ONE.session_id, NOON, "C"): 2_500, (late.session_id, NOON, "C"): 2_500}
    # matched hours are an input of what is asked, too
    assert asking.compare_methodology(*asked, at=CLOSE.isoformat())["points"] == 2 * 4_554
    book.supply(Supply("C", 20_000), at=CLOSE)
    assert asking.compare_methodology(*asked, at=CLOSE.isoformat())["points"] == 2 * 4_554


def files_of(book: GreenBook) -> list[str]:
    """What the ledger consists of."""
    return sorted(path.as_posix() for path in (book.root / "ledger").rglob("*") if path.is_file())
