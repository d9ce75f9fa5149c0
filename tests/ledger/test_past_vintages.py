"""Another version for vintages that are past: the line of the programme says which awards it leaves, moves or proposes.

Paper: 10 kWh are 10 000 x (912 631 200 - 536 600 000) = 3 760 312 000 000 ng under 1.1.0, 3 760 points, and under 1.2.0
3 820 312 000 000, 3 820; 12 kWh are 4 512 374 400 000 and 4 584 374 400 000.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ledger import altered, decided
from tests.ledger.book import AT, CN, Book, charge, told, user
from tests.ledger.told import owner

LATER = "2026-04-10T00:00:00Z"  # the vintage of 9 March has been final for a day, that of the 25th is open
OPEN = "2026-03-25T12:00:00+08:00"
ONE, TWO = "cn_ev_charging@1.1.0", "cn_ev_charging@1.2.0"


def in_force(patch: pytest.MonkeyPatch, folder: Path, version: str, restate: str = "") -> None:
    """The programme with this version alone, for all vintages of the book."""
    path = altered.copy_of_methodology(patch, folder) / "programmes" / f"{CN}.yaml"
    line = f"methodology:\n  - {{in_force_from: 2026-01-01, version: {version}, adopted: at the start{restate}}}\n"
    text, count = re.subn(r"methodology:\n(  - .*\n)+", line, path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")


def by_session(book: Book) -> dict[str, int]:
    held: dict[str, int] = {}
    for entry in book.entries():
        held[entry["session_id"]] = held.get(entry["session_id"], 0) + entry["points"]
    return held


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Under 1.1.0: OP:1 in a final vintage, OP:2 in an open one, OP:3 of the final one without an owner."""
    in_force(monkeypatch, tmp_path, ONE)
    book = Book(tmp_path / "book")
    book.sessions(charge("1", "10"), charge("3", "10", ""))
    book.sessions(charge("2", "10", ended=OPEN), at="2026-03-26T00:00:00Z")
    book.account(at=LATER)
    assert by_session(book) == {"OP:1": 3760, "OP:2": 3760}
    assert book.vintages() == {(CN, "2026-03-09"): "final", (CN, "2026-03-25"): "provisional"}
    return book


@pytest.mark.parametrize(
    ("restate", "final", "held", "opened", "corrected"),
    [
        ("forward_only", 3760, [], 3760, 4512),
        ("restate_open", 3760, [], 3820, 4584),
        ("restate_all", 3760, ["OP:1"], 3820, 4584),
        ("", 3760, [], 3760, 4512),
    ],
)
def test_the_line_says_which_awards_move(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    restate: str, final: int, held: list[str], opened: int, corrected: int,
) -> None:  # fmt: skip
    in_force(monkeypatch, tmp_path, TWO, restate and f", restate: {restate}")
    book.send("session_owner_csv", owner(order_number="3", account="carol"), at=LATER)
    done = book.account(at=LATER)
    # what has no award uses the new version in every case
    assert (done["held"], by_session(book)) == (held, {"OP:1": final, "OP:2": opened, "OP:3": 3820})
    book.sessions(charge("2", "12", ended=OPEN), at=LATER)
    book.account(at=LATER)
    assert by_session(book)["OP:2"] == corrected
    version = ONE if restate in ("", "forward_only") else TWO
    assert told(book.entries()[-1], "session_id", "methodology") == ("OP:2", version)
    if held:
        assert decided.proposed(book, done["receipt"], "points", "reason") == [
            (60, "changed programme, new methodology")
        ]
        decided.approve(book, done, at=LATER)
        assert by_session(book)["OP:1"] == 3820
    decided.all_receipts_are_the_same(book)


def test_one_then_two_approved_is_two_from_scratch_and_back_is_one(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = book.stands()
    fresh = Book(tmp_path / "fresh")
    in_force(monkeypatch, tmp_path, TWO, ", restate: restate_all")
    fresh.sessions(charge("1", "10"), charge("3", "10", ""))
    fresh.sessions(charge("2", "10", ended=OPEN), at="2026-03-26T00:00:00Z")
    fresh.account(at=LATER)
    decided.approve(book, book.account(at=LATER), at=LATER)
    assert (
        book.stands()
        == fresh.stands()
        == {
            (CN, session, day, user("alice")): (3820, 3_820_312_000_000, 0, 0, 312_000_000, 0)
            for session, day in (("OP:1", "2026-03-09"), ("OP:2", "2026-03-25"))
        }
    )
    in_force(monkeypatch, tmp_path, ONE, ", restate: restate_all")
    decided.approve(book, book.account(at=LATER), at=LATER)
    assert book.stands() == first
    assert decided.all_receipts_are_the_same(book) == 5


def test_what_is_held_counts_under_a_cap_by_the_version_that_no_line_names_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cap 5 000: OP:1 stands with 3 760 under 1.1.0; a late one of the final vintage gets the 1 240 that are left."""
    altered.points_cap(monkeypatch, tmp_path, CN, 5000)
    in_force(monkeypatch, tmp_path, ONE)
    book = Book(tmp_path / "book")
    book.sessions(charge("1", "10"), charge("3", "10", ""))
    book.account(at=LATER)
    in_force(monkeypatch, tmp_path, TWO, ", restate: restate_all")
    book.send("session_owner_csv", owner(order_number="3", account="alice"), at=LATER)
    assert book.account(at=LATER)["held"] == ["OP:1"]
    assert by_session(book) == {"OP:1": 3760, "OP:3": 1240}


def test_a_cap_holds_over_versions_of_one_open_vintage_and_what_has_an_award_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cap 5 000. OP:1 has 3 760 under 1.1.0; OP:0, under 1.2.0, ended before and gets 1 240. With 2 kWh OP:1 has 752."""
    altered.points_cap(monkeypatch, tmp_path, CN, 5000)
    in_force(monkeypatch, tmp_path, ONE)
    book = Book(tmp_path / "book")
    book.sessions(charge("1", "10"))
    book.account()
    in_force(monkeypatch, tmp_path, TWO, ", restate: forward_only")
    book.sessions(charge("0", "10", ended="2026-03-09T11:00:00+08:00"))
    book.account()
    assert by_session(book) == {"OP:1": 3760, "OP:0": 1240}
    book.sessions(charge("1", "2"))
    book.account()
    assert by_session(book) == {"OP:1": 752, "OP:0": 3820}
    assert decided.all_receipts_are_the_same(book) == 3


def test_a_kept_version_is_kept_by_the_award_and_not_by_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdrawn and told again, a session has no award any more and uses the version in force."""
    in_force(monkeypatch, tmp_path, ONE)
    book = Book(tmp_path / "book")
    book.sessions(charge("1", "10"))
    book.account()
    in_force(monkeypatch, tmp_path, TWO, ", restate: forward_only")
    book.sessions(charge("1", "10", region="NO", revised="2026-03-11T10:00:00Z"))
    book.account(at=AT)
    book.sessions(charge("1", "10", revised="2026-03-11T11:00:00Z"))
    book.account(at=AT)
    assert [entry["points"] for entry in book.entries()] == [3760, -3760, 3820]
