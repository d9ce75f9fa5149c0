"""A rejected change is neither held nor proposed again until what the award rests on changes again.

Paper: 10 kWh in California, an hour of gas, are 5 350 points, 12 kWh 6 421; in an hour of half gas and half solar 12 kWh are
12 000 x (905 091 303 - 185 000 000) = 8 641 095 636 000 ng, 8 641 points.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from chargeledger.errors import Refused
from chargeledger.explain import explain
from chargeledger.lake import Lake
from tests.ledger import altered, decided
from tests.ledger.book import HOUR, US, Book, charge_us, mix, told, user

PIN = "a proposed change was rejected"


@pytest.fixture
def book(california: Book) -> Book:
    """5 350 points of alice for OP:1, final; its correction to 12 kWh was proposed and rejected."""
    california.sessions(charge_us("1", "12"))
    decided.reject(california, california.account())
    return california


def test_a_rejection_leaves_the_award_as_posted_and_says_so(book: Book) -> None:
    assert len(book.entries()) == 1
    state = book.session("OP:1")
    assert (state["state"], state["reason"], state["points"], state["energy_wh"]) == ("awarded", PIN, 5350, 10_000)
    book.publish()
    (status,) = book.published("session_status")
    assert (status["state"], status["reason"]) == ("final", PIN)
    first = next(commit["receipt"] for commit in book.commits() if commit.get("proposed"))
    assert decided.proposal(book, first).state == "rejected"
    again = decided.decide(book, "reject", first)
    assert (again["is_new"], len(book.commits())) == (False, 3)
    with pytest.raises(Refused, match="was rejected by auditor"):
        decided.decide(book, "approve", first)
    assert decided.all_receipts_are_the_same(book) == 3


def test_what_arrives_beside_it_does_not_propose_it_again(book: Book) -> None:
    book.sessions(charge_us("2", "10", "bob"))
    assert (book.account()["held"], len(book.entries())) == ([], 2)
    # the same figures told once more touch it, and change nothing of what it rests on
    book.sessions(charge_us("1", "12", revised="2026-03-11T09:00:00Z"))
    done = book.account()
    assert (done["touched"], done["held"], done["proposed"], done["receipt"]) == (1, [], None, None)
    assert book.session("OP:1")["reason"] == PIN


@pytest.mark.parametrize(
    ("cause", "points"),
    [("telling", 10_701), ("owner", 6421), ("grid", 8641), ("programme", 6421)],
)
def test_another_input_takes_the_pin_away_and_is_proposed(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str, points: int
) -> None:
    if cause == "grid":
        book.grid(mix(HOUR, gas=50, solar=50))
    elif cause == "programme":
        altered.programme_line(monkeypatch, tmp_path, US, "enrolment: none", "enrolment: none  # as ever")
    else:
        book.sessions(charge_us("1", "20") if cause == "telling" else charge_us("1", "12", "bob"))
    done = book.account()
    assert done["held"] == ["OP:1"]
    assert book.session("OP:1")["state"] == "awaiting approval"
    decided.approve(book, done)
    owner = user("bob" if cause == "owner" else "alice")
    assert {key[1]: sums[0] for key, sums in book.sums().items()} == {owner: points}
    assert book.session("OP:1")["reason"] is None


def test_a_rejection_of_what_has_changed_since_proposes_the_change_and_pins_nothing(california: Book) -> None:
    california.sessions(charge_us("1", "12"))
    done = california.account()
    california.sessions(charge_us("1", "20"))
    newer = decided.reject(california, done)
    assert (newer["held"], newer["proposed"]["points"]) == (["OP:1"], 5351)
    assert decided.proposal(california, done["receipt"]).state == "rejected"
    decided.approve(california, newer)
    assert [entry["points_after"] for entry in california.entries()] == [5350, 10_701]


def test_what_was_rejected_counts_under_a_cap_as_posted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cap 8 000. X stands with 5 350, its fall to 2 kWh was rejected, so Y gets the 2 650 that are left."""
    altered.points_cap(monkeypatch, tmp_path, US, 8000)
    book = Book(tmp_path / "book")
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("X", "10"))
    book.account()
    book.sessions(charge_us("X", "2"))
    decided.reject(book, book.account())
    book.sessions(charge_us("Y", "10"))
    assert book.account()["held"] == []
    assert [told(e, "session_id", "points") for e in book.entries()] == [("OP:X", 5350), ("OP:Y", 2650)]
    assert book.session("OP:X")["reason"] == PIN
    assert decided.all_receipts_are_the_same(book) == 4


def test_an_explanation_is_of_what_stands(book: Book) -> None:
    told_of = io.StringIO()
    explain(Lake(book.lake), "OP:1", Console(file=told_of, width=200))
    assert f"receipt {book.commits()[0]['receipt']}" in told_of.getvalue()
    assert "waits for approval" not in told_of.getvalue()
