"""What `trace` says of a charge whose change waits for a decision or was rejected: why, by how much, and what to decide on.

Paper: 10 kWh in China are 3 820 points, 12 kWh 4 584 (764 more).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chargeledger.trace_state import _without_rejection
from tests.ledger import decided
from tests.ledger.book import Book, charge
from tests.ledger.test_thresholds import set_thresholds, three
from tests.ledger.test_trace_waiting import one

LONG_AFTER = "2026-05-01T00:00:00Z"
PINNED = "a proposed change was rejected"


def stands(book: Book, order: str = "OP:1") -> dict[str, Any]:
    told: dict[str, Any] = one(book, order)["standing"]
    return told


@pytest.fixture
def past_threshold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Book, str]:
    """A correction of one of three awards, of more than 66 per mille of the points of a vintage that is not final."""
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 66")
    book = three(tmp_path)
    book.sessions(charge("1", "12"))
    return book, book.account()["receipt"]


def test_past_a_threshold_the_threshold_is_named_and_not_finality(past_threshold: tuple[Book, str]) -> None:
    book, receipt = past_threshold
    told = stands(book)
    assert told["state"] == "awaiting approval"
    assert told["means"] == (
        "its award would change by +764 points, and that has to be approved: 764 of 11460 points of the vintage would change: "
        "over 66 per mille. Until somebody decides, it stands as posted"
    )
    assert f"'chargeledger approve {receipt[:16]} --by NAME --because TEXT'" in told["resolves"]
    assert f"'chargeledger proposal show {receipt[:16]}'" in told["resolves"]


def test_in_a_final_vintage_finality_is_named_and_the_newest_proposal(book: Book) -> None:
    """A second correction before anybody has decided passes to the proposal of its own run."""
    book.account(at=LONG_AFTER)
    receipts = []
    for kwh in ("12", "10.5"):
        book.sessions(charge("1", kwh), at=LONG_AFTER)
        receipts.append(book.account(at=LONG_AFTER)["receipt"])
    told = stands(book)
    assert "by +191 points, and that has to be approved: the vintage is final" in told["means"]  # 4 011 for 10.5 kWh
    assert receipts[1][:16] in told["resolves"] and receipts[0][:16] not in told["resolves"]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return three(tmp_path)


def test_what_was_rejected_is_told_with_its_receipt_and_is_nothing_new(past_threshold: tuple[Book, str]) -> None:
    book, receipt = past_threshold
    decision = decided.decide(book, "reject", receipt)["receipt"]
    for _ in range(2):
        told = stands(book)
        assert (told["state"], told["reason"], told["newer"]) == ("provisional", PINNED, [])
        assert (
            told["means"]
            == f"awarded; vintage 2026-03-09 may still move; a change of it was rejected, receipt {decision[:16]}"
        )
        assert told["resolves"].endswith("; and what was rejected is proposed again only when what it rests on changes")
        book.sessions(charge("7", "10", "dora"))
        book.account()
    book.account(at=LONG_AFTER)
    told = stands(book)
    assert told["state"] == "final"
    assert f"vintage 2026-03-09 is final; a change of it was rejected, receipt {decision[:16]}" in told["means"]


def test_a_state_keeps_its_own_reason_beside_a_rejection() -> None:
    assert _without_rejection(f"connector_overlap; {PINNED}") == ("connector_overlap", True)
    assert _without_rejection(PINNED) == (None, True)
    assert _without_rejection("late") == ("late", False)
    assert _without_rejection(None) == (None, False)
