"""What becomes of a match once it is made: corrections, withdrawals, claims that change hands. Nobody else gains or loses.

Paper: AC, 1 Wh unmatched gives 303 031 200 ng, matched 912 631 200 ng.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from chargeledger import rooms
from tests.ledger import green_book
from tests.ledger.green_book import CLOSE, HOUR, NOON, OP, OTHER, SECOND, Charge, GreenBook, Supply, worth
from tests.oracle import green

LATER = CLOSE + HOUR
ONE, TWO = Charge(1, (10_000,), place="A"), Charge(2, (20_000,), account="bob", place="B")
SHORT = (Supply("ROOF", 1_000, kind="pv", scope="station", scope_id="A"), Supply("C", 14_500))
# the roof gives 1 000 to ONE; 9 000 and 20 000 are left to share 14 500: a half each
GIVEN = {(ONE.session_id, NOON, "ROOF"): 1_000, (ONE.session_id, NOON, "C"): 4_500, (TWO.session_id, NOON, "C"): 10_000}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreenBook:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    return GreenBook(tmp_path / "book")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GreenBook:
    """ONE and TWO, matched."""
    folder = tmp_path_factory.mktemp("standing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        book = GreenBook(folder / "book")
        book.supply(*SHORT)
        book.charges(ONE, TWO)
        book.settle(CLOSE)
    assert book.matched() == GIVEN
    return book


@pytest.fixture
def book(made: GreenBook, empty: GreenBook) -> GreenBook:
    return GreenBook(made.copy(empty.folder.parent / "copy").folder)


def test_a_correction_keeps_its_match_up_to_its_new_demand(book: GreenBook) -> None:
    for wh in (20_000, 10_001, 9_999, 5_500, 5_499, 1_000, 999):
        changed = Charge(1, (wh,), place="A")
        book.charges(changed, at=LATER)
        book.settle(LATER)
        kept = green.carried(GIVEN, green_book.given((changed, TWO), SHORT, LATER))
        assert sum(kept.values()) == min(wh, 5_500) + 10_000
        due = green.assess(green_book.given((changed, TWO), SHORT, LATER), kept)
        assert book.reductions() == {key: each.amounts.emission_reductions_ng for key, each in due.items()}
        assert book.reductions()[ONE.session_id] == worth(wh, min(wh, 5_500))
        assert book.matched() == GIVEN  # what was matched stays told as it was


def test_a_correction_into_another_hour_leaves_its_match_behind_and_competes_there_once(book: GreenBook) -> None:
    moved = Charge(1, (10_000,), start=NOON + 2 * HOUR, place="A")
    book.supply(Supply("C", 4_000, moved.start), at=moved.ended)
    book.charges(moved, at=LATER)
    book.settle(LATER)
    assert book.reductions()[ONE.session_id] == worth(10_000, 0)
    at = moved.start + 73 * HOUR
    book.settle(at)
    assert book.matched() == GIVEN | {(ONE.session_id, moved.start, "C"): 4_000}
    assert book.reductions() == {ONE.session_id: worth(10_000, 4_000), TWO.session_id: worth(20_000, 10_000)}


def test_the_match_of_a_withdrawn_session_is_nobodys(book: GreenBook) -> None:
    book.withdraw(ONE, at=LATER)
    book.charges(Charge(3, (10_000,), account="carol", place="E"), at=LATER)
    done = book.settle(LATER)
    assert (book.session(ONE.session_id)["state"], done["touched"]) == ("withdrawn", 2)
    assert book.points() == {
        ONE.session_id: 0,
        TWO.session_id: worth(20_000, 10_000) // 10**9,
        f"{OP}:{3:018d}": worth(10_000, 0) // 10**9,
    }
    assert book.matched() == GIVEN


AGGREGATED = Charge(7, (10_000,), account="alice", place="A", issuer="AGGREGAT1")


def test_who_takes_over_a_claim_takes_over_its_match(empty: GreenBook) -> None:
    empty.supply(*SHORT)
    empty.charges(AGGREGATED, TWO)
    empty.settle(CLOSE)
    assert empty.matched()[AGGREGATED.session_id, NOON, "C"] == 4_500
    empty.charges(ONE, at=LATER)  # the operator's own record
    empty.settle(LATER)
    assert empty.session(AGGREGATED.session_id)["state"] == "duplicate"
    assert empty.points() == {
        AGGREGATED.session_id: 0,
        ONE.session_id: worth(10_000, 5_500) // 10**9,
        TWO.session_id: worth(20_000, 10_000) // 10**9,
    }
    # and what it took over is cut with its supply, by the new file alone
    empty.supply(Supply("C", 7_250), at=LATER + HOUR)
    empty.settle(LATER + HOUR)
    assert empty.reductions()[ONE.session_id] == worth(10_000, 3_250)
    assert empty.reductions()[TWO.session_id] == worth(20_000, 5_000)


def test_duplicates_and_sessions_that_exclude_one_another_do_not_compete(empty: GreenBook) -> None:
    empty.supply(*SHORT)
    empty.charges(ONE, TWO, AGGREGATED, *[Charge(n, (9_000,), place="E") for n in (5, 6)])
    empty.settle(CLOSE)
    states = empty.states("session_state", "session_id")
    assert sorted(row["state"] for row in states.values()) == ["awarded"] * 2 + ["duplicate"] + ["quarantined"] * 2
    assert empty.matched() == GIVEN


def test_a_session_that_lands_after_the_match_is_not_matched_in_that_hour_and_is_in_the_next(book: GreenBook) -> None:
    both = Charge(3, (10_000, 6_000), account="carol", place="E")
    book.supply(Supply("C", 5_000, NOON + HOUR), at=LATER - SECOND)
    book.charges(both, at=LATER - SECOND)
    book.settle(LATER - SECOND)
    assert book.session(both.session_id)["provisional_until"] == CLOSE + HOUR
    assert book.reductions()[both.session_id] == worth(16_000, 0)
    book.settle(CLOSE + HOUR)
    assert book.matched() == GIVEN | {(both.session_id, NOON + HOUR, "C"): 5_000}
    assert book.reductions()[both.session_id] == worth(16_000, 5_000)


def test_old_days_told_late_are_matched_at_their_first_accounting(empty: GreenBook) -> None:
    at = NOON + timedelta(days=20)
    empty.supply(*SHORT, at=at)
    empty.charges(ONE, TWO, at=at)
    empty.settle(at)
    assert empty.matched() == GIVEN
    (hour,) = empty.rows_of("match_hour")
    assert (hour["hour_start"], hour["matched_at"]) == (NOON, at)


def test_a_session_of_another_operator_at_a_station_of_the_same_name_gets_nothing_of_its_roof(empty: GreenBook) -> None:
    near = Charge(4, (10_000,), place="A", operator=OTHER)
    empty.supply(SHORT[0])
    empty.charges(ONE, near)
    empty.settle(CLOSE)
    assert empty.matched() == {(ONE.session_id, NOON, "ROOF"): 1_000}
