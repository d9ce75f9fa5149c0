"""A credit withdraws the session that it names, whenever it arrives and however often.

Paper: 10 kWh AC in China in 2026 are 3 820 points.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.book import Book, told
from tests.ledger.told import charged

LATER = "2026-04-20T00:00:00Z"  # the vintage of 9 March is final


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


def credit(order: str, **more: str) -> dict[str, str]:
    """A credit keeps the energy positive: it cancels, it does not add."""
    return charged(order, is_credit="true", **more)


def test_a_credit_takes_back_what_was_issued(book: Book) -> None:
    book.send("session_csv", charged("1"), charged("2", "12"))
    book.account()
    book.send("session_csv", credit("1"))
    book.account()
    assert told(book.entries()[2], "session_id", "kind", "reason", "points", "points_after") == (
        *("OP:1", "reversal"),
        *("withdrawn session", -3820, 0),
    )
    assert [book.session(name)["state"] for name in ("OP:1", "OP:2")] == ["withdrawn", "awarded"]


@pytest.mark.parametrize("rows", [[credit("1"), charged("1")], [charged("1"), credit("1")]], ids=["before", "after"])
def test_a_credit_in_the_same_file_leaves_nothing_to_issue(book: Book, rows: list[dict[str, str]]) -> None:
    book.send("session_csv", rows[0])
    book.send("session_csv", rows[1])
    book.account()
    assert (book.session("OP:1")["state"], book.entries()) == ("withdrawn", [])


def test_a_credit_beside_its_original_in_one_file_contradicts_nothing(book: Book) -> None:
    same = {"revised_at": "2026-03-11T00:00:00Z"}
    batch = book.send("session_csv", charged("1", **same), credit("1", **same), charged("2"))
    book.account()
    assert (batch["rows_quarantined"], book.session("OP:1")["state"]) == (0, "withdrawn")


def test_a_credit_before_its_original_waits_for_it(book: Book) -> None:
    book.send("session_csv", credit("1"))
    book.account()
    assert (book.session("OP:1")["state"], book.entries()) == ("awaiting original", [])
    book.send("session_csv", charged("1"))
    book.account()
    assert (book.session("OP:1")["state"], book.entries()) == ("withdrawn", [])


def test_a_credit_twice_takes_back_once(book: Book) -> None:
    book.send("session_csv", charged("1"))
    book.account()
    book.send("session_csv", credit("1"))
    book.account()
    book.send("session_csv", credit("1"), credit("1", revised_at="2026-03-11T00:00:00Z"))
    book.account()
    assert [entry["points"] for entry in book.entries()] == [3820, -3820]


def test_a_credit_outranks_a_later_revision(book: Book) -> None:
    book.send("session_csv", credit("1"), charged("1", "12", revised_at="2026-03-11T00:00:00Z"))
    book.account()
    assert (book.session("OP:1")["state"], book.entries()) == ("withdrawn", [])


def test_the_replacement_of_a_credited_session_is_a_session_of_its_own(book: Book) -> None:
    book.send("session_csv", charged("1"))
    book.account()
    book.send("session_csv", credit("1"), charged("3", "12"))
    book.account()
    assert {row[1]: points for row, (points, _) in book.sums().items()} == {next(iter(book.sums()))[1]: 4584}


@pytest.mark.parametrize(
    ("text", "fate"), [("TRUE", "rows_accepted"), ("false", "rows_accepted"), ("yes", "rows_quarantined")]
)
def test_a_credit_is_told_by_true_or_false(book: Book, text: str, fate: str) -> None:
    sound = [charged(str(n)) for n in range(100, 120)]
    batch = book.send("session_csv", *sound, charged("1", is_credit=text))
    assert batch[fate] == (21 if fate == "rows_accepted" else 1)


def test_a_credit_of_a_final_award_is_held(book: Book) -> None:
    book.send("session_csv", charged("1"))
    book.account(at=LATER)
    book.send("session_csv", credit("1"), at=LATER)
    assert book.account(at=LATER)["held"] == ["OP:1"]
    assert len(book.entries()) == 1
