"""What is matched of a supply, and what of that still counts: both are at most what there is and the supply's deficit.

Paper: as in test_green_restated.py, the roof gives ONE 10 000 of its 17 001 Wh, the contract 7 001, and 13 999 to TWO.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chargeledger import rooms
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger import green_book
from tests.ledger.green_book import CLOSE, HOUR, NOON, Charge, GreenBook, Supply
from tests.ledger.told import certificate

LATER = CLOSE + HOUR
FINAL = datetime(2026, 4, 10, 16, tzinfo=UTC)  # 30 days after the vintage of 10 March
DEADLINE = datetime(2026, 9, 27, 16, tzinfo=UTC)
ROOF = Supply("ROOF", 10_000, kind="pv", scope="station", scope_id="A")
C = Supply("C", 21_000)
ONE, TWO = Charge(1, (17_001,), place="A"), Charge(2, (13_999,), account="bob", place="B")
NEXT_DAY = timedelta(days=1)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreenBook:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    return GreenBook(tmp_path / "book")


def balance(book: GreenBook, at: datetime) -> dict[str, tuple[int, ...]]:
    """Matched, counted, left and deficit by supply; every row keeps both bounds."""
    book.publish(at=at.isoformat())
    rows = book.published("supply_balance")
    for row in rows:
        assert row["counted_wh"] <= row["matched_wh"] <= row["available_wh"] + row["deficit_wh"]
    names = ("matched_wh", "counted_wh", "left_wh", "deficit_wh")
    return {row["supply_id"]: tuple(row[name] for name in names) for row in rows}


def test_what_was_corrected_downwards_or_withdrawn_is_matched_and_no_longer_counts(book: GreenBook) -> None:
    book.supply(ROOF, C)
    book.charges(ONE, TWO)
    book.settle(CLOSE)
    assert balance(book, CLOSE) == {"C": (21_000, 21_000, 0, 0), "ROOF": (10_000, 10_000, 0, 0)}
    book.charges(replace(ONE, parts=(12_000,)), at=LATER)  # the roof keeps its 10 000, the contract 2 000
    book.settle(LATER)
    assert balance(book, LATER) == {"C": (21_000, 15_999, 0, 0), "ROOF": (10_000, 10_000, 0, 0)}
    book.withdraw(TWO, at=LATER)
    book.settle(LATER)
    assert balance(book, LATER) == {"C": (21_000, 2_000, 0, 0), "ROOF": (10_000, 10_000, 0, 0)}
    assert list(verify(Lake(book.lake)))


def test_what_is_not_retired_in_time_is_matched_and_does_not_count(book: GreenBook) -> None:
    """One certificate of 1 MWh, of 1 500 kWh that are matched by ten sessions: 100 kWh of each count."""
    book.supply(Supply("C", 2_000_000))
    book.charges(*(Charge(n, (150_000,), account=f"u{n}", place=f"P{n}") for n in range(1, 11)))
    book.certificates(certificate(1), at=DEADLINE)
    book.settle(DEADLINE)
    assert balance(book, DEADLINE) == {"C": (1_500_000, 1_000_000, 500_000, 0)}


def test_what_was_cut_before_its_vintage_became_final_is_no_deficit(book: GreenBook) -> None:
    book.supply(ROOF)
    book.charges(ONE)
    book.settle(CLOSE)
    book.supply(replace(ROOF, wh=6_000), at=LATER)
    book.settle(LATER)
    assert balance(book, LATER) == {"ROOF": (6_000, 6_000, 0, 0)}
    book.settle(FINAL)
    assert set(book.vintages().values()) == {"final"}
    assert balance(book, FINAL) == {"ROOF": (6_000, 6_000, 0, 0)}
    book.supply(replace(ROOF, wh=5_000), at=FINAL)  # and what is told after it is one
    book.charges(Charge(9, (5_000,), start=NOON + 3 * HOUR, account="zoe", place="Z"), at=FINAL)
    book.settle(FINAL)
    assert balance(book, FINAL) == {"ROOF": (6_000, 6_000, 0, 1_000)}


def test_who_takes_over_a_claim_counts_its_match_once(book: GreenBook) -> None:
    told = replace(ONE, order=7, issuer="AGGREGAT1")
    book.supply(ROOF, C)
    book.charges(told, TWO)
    book.settle(CLOSE)
    book.charges(ONE, at=LATER)  # the operator's own record
    book.settle(LATER)
    assert book.session(told.session_id)["state"] == "duplicate"
    assert balance(book, LATER) == {"C": (21_000, 21_000, 0, 0), "ROOF": (10_000, 10_000, 0, 0)}
    held = book.states("match_state", "session_id", "supply_id")
    assert {key: (row["matched_wh"], row["counted_wh"]) for key, row in held.items()} == {
        (told.session_id, "ROOF"): (0, 0),
        (told.session_id, "C"): (0, 0),
        (ONE.session_id, "ROOF"): (10_000, 10_000),
        (ONE.session_id, "C"): (7_001, 7_001),
        (TWO.session_id, "C"): (13_999, 13_999),
    }


def test_until_its_vintage_is_accounted_what_counts_is_as_before_and_is_published(book: GreenBook) -> None:
    tomorrow = Charge(3, (5_000,), start=NOON + NEXT_DAY, account="carol", place="E")
    at = CLOSE + NEXT_DAY
    book.supply(ROOF, C)
    book.charges(ONE, TWO, tomorrow, at=at)
    book.settle(at)
    book.supply(replace(C, wh=10_000), at=at)
    book.charges(replace(tomorrow, parts=(6_000,)), at=at)
    book.account("2026-03-11..2026-03-11", at=at.isoformat())
    book.publish(at=at.isoformat())
    (row,) = (row for row in book.published("supply_balance") if row["supply_id"] == "C")
    cut = 7_001 * 10_000 // 21_000 + 13_999 * 10_000 // 21_000
    assert (row["matched_wh"], row["counted_wh"]) == (cut, 21_000)
    book.settle(at)
    assert balance(book, at)["C"] == (cut, cut, 10_000 - cut, 0)


def test_hours_matched_later_unsettle_a_session_that_is_open_in_another_month(book: GreenBook) -> None:
    """100 kWh before midnight of 31 March and 100 after: 1 MWh settles March, April stays open. Then March grows to 1 200 kWh.

    At its deadline each of the twelve keeps floor(100 000 x 1 000 000 / 1 200 000).
    """
    midnight = datetime(2026, 3, 31, 16, tzinfo=UTC)
    first, late, at = midnight - HOUR, midnight - 2 * HOUR, midnight + 80 * HOUR
    across = Charge(1, (100_000, 100_000), first)
    book.supply(Supply("C", 2_000_000, first), Supply("C", 2_000_000, midnight), Supply("C", 2_000_000, late), at=at)
    book.charges(across, *(Charge(n, (100_000,), first, f"u{n}", f"P{n}") for n in range(2, 9)), at=at)
    book.certificates(certificate(1, retired_at=(midnight + HOUR).isoformat()), at=at)
    book.settle(at)
    book.charges(*(Charge(n, (100_000,), late, f"u{n}", f"P{n}") for n in range(9, 13)), at=at)
    book.settle(at)
    book.settle(DEADLINE)
    balance(book, DEADLINE)
    (march,) = (row for row in book.published("certificate_balance") if row["is_past_due"])
    assert (march["matched_wh"], march["counted_wh"]) == (1_200_000, 12 * (100_000 * 1_000_000 // 1_200_000))
