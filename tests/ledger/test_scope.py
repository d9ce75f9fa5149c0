"""Accounting some vintages or one programme touches these alone, and the order in which vintages are accounted is no input.

Paper: Chinese charges of 10 kWh 3 820 312 000 000 ng, of 12 kWh 4 584 374 400 000 ng, of 9 kWh 3 438 280 800 000 ng;
Californian ones of 10 kWh in an hour of gas 5 350 913 030 000 ng, in one of solar 9 050 913 030 000 ng.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger.errors import UsageError
from tests.ledger import altered
from tests.ledger.book import CN, HOUR, US, Book, charge, charge_us, mix, user

NINTH, TENTH, ELEVENTH = "2026-03-09", "2026-03-10", "2026-03-11"
LATER = "2026-03-11T17:00:00Z"
DUE = {
    (CN, user("alice"), NINTH): (3820 + 4584, 3_820_312_000_000 + 4_584_374_400_000),
    (CN, user("bob"), NINTH): (3820, 3_820_312_000_000),
    (CN, user("alice"), TENTH): (3438, 3_438_280_800_000),
    (CN, user("bob"), ELEVENTH): (3820, 3_820_312_000_000),
    (US, user("alice"), TENTH): (5350, 5_350_913_030_000),
    (US, user("alice"), ELEVENTH): (9050, 9_050_913_030_000),
}
PIECES = sorted({(programme, vintage) for programme, _, vintage in DUE})


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Seven sessions of three days and two programmes, staged and not accounted."""
    book = Book(tmp_path_factory.mktemp("scope") / "book")
    book.grid(mix(HOUR, gas=100), mix(LATER, solar=100))
    book.sessions(
        charge("1", "10"),
        charge("2", "12", ended="2026-03-09T18:00:00+08:00"),
        charge("3", "10", "bob"),
        charge("4", "9", ended="2026-03-10T12:00:00+08:00"),
        charge("5", "10", "bob", ended="2026-03-11T12:00:00+08:00"),
        charge_us("6", "10"),
        charge_us("7", "10", ended="2026-03-11T18:00:00Z"),
    )
    return book


@pytest.fixture
def book(staged: Book, tmp_path: Path) -> Book:
    return staged.copy(tmp_path / "book")


@pytest.mark.parametrize(
    ("vintages", "programme", "touched"),
    [
        (None, None, {"1", "2", "3", "4", "5", "6", "7"}),
        (TENTH, None, {"4", "6"}),
        (f"{TENTH}..{ELEVENTH}", None, {"4", "5", "6", "7"}),
        (f"{NINTH}..{NINTH}", None, {"1", "2", "3"}),
        (None, US, {"6", "7"}),
        (TENTH, CN, {"4"}),
        ("2026-03-08", None, set()),
    ],
)
def test_a_scope_touches_what_it_names_and_nothing_else(
    book: Book, vintages: str | None, programme: str | None, touched: set[str]
) -> None:
    done = book.account(vintages, programme)
    assert {entry["session_id"] for entry in book.entries()} == {f"OP:{order}" for order in touched}
    assert done["touched"] == len(touched)
    states = set(book.states("session_state", "session_id"))
    assert states == {f"OP:{order}" for order in touched}
    assert set(book.vintages()) == {(entry["programme"], entry["vintage"].isoformat()) for entry in book.entries()}


@pytest.mark.parametrize(
    "order", [PIECES, PIECES[::-1], [PIECES[i] for i in (2, 4, 0, 3, 1)]], ids=["forwards", "backwards", "mixed"]
)
def test_vintage_by_vintage_in_any_order_equals_all_at_once(book: Book, order: list[tuple[str, str]]) -> None:
    assert len(order) == 5
    for programme, vintage in order:
        book.account(vintage, programme)
    assert book.sums() == DUE
    done = book.account()
    assert (done["touched"], done["posted_entries"]) == (0, 0)


def test_all_at_once(book: Book) -> None:
    book.account()
    assert book.sums() == DUE
    assert [entry["seq"] for entry in book.entries()] == [1, 2, 3, 4, 5, 6, 7]
    assert len(book.commits()) == 1


@pytest.mark.parametrize("vintage", [NINTH, ELEVENTH])
def test_a_session_that_moved_is_settled_whole_from_either_of_its_vintages(book: Book, vintage: str) -> None:
    book.account()
    book.sessions(charge("1", "10", ended="2026-03-11T18:00:00+08:00"))
    assert book.account(vintage)["touched"] == 1
    # 10 kWh leave alice's 9th and enter her 11th
    assert book.sums() == {
        **DUE,
        (CN, user("alice"), NINTH): (4584, 4_584_374_400_000),
        (CN, user("alice"), ELEVENTH): (3820, 3_820_312_000_000),
    }
    assert book.account()["posted_entries"] == 0


def test_what_one_scope_leaves_another_still_finds(book: Book) -> None:
    """A change that arrived before a run of another scope is not forgotten by it."""
    book.account(at="2026-03-10T20:00:00Z")
    book.sessions(charge("1", "12"), charge("4", "10", ended="2026-03-10T12:00:00+08:00"))
    book.grid(mix(HOUR, solar=100))
    assert book.account(NINTH)["touched"] == 1
    assert book.account(programme=US)["held"] == ["OP:6"]
    assert book.account(TENTH, CN)["touched"] == 1
    assert [entry["points"] for entry in book.entries()[7:]] == [764, 382]  # 4 584 - 3 820, 3 820 - 3 438


@pytest.mark.parametrize("vintages", ["yesterday", f"{TENTH}..{NINTH}", f"{NINTH}..never"])
def test_what_is_no_vintage_is_a_usage_error(book: Book, vintages: str) -> None:
    with pytest.raises(UsageError, match=r"is not a vintage|ends before it starts"):
        book.account(vintages)


def test_an_unknown_programme_is_a_usage_error_that_lists_the_known(book: Book) -> None:
    with pytest.raises(UsageError, match=f"{CN}, {US}"):
        book.account(programme="cn_green")


@pytest.mark.parametrize("first", [None, ELEVENTH])
def test_the_cap_that_a_moved_session_frees_goes_to_the_others_whatever_was_accounted_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str | None
) -> None:
    """Cap 6 000. On the 10th Z takes 3 820 and W the 2 180 that are left; then Z and X move to the 9th, and W is due 3 820."""
    altered.points_cap(monkeypatch, tmp_path, CN, 6000)
    book = Book(tmp_path / "book")
    book.sessions(
        charge("Z", "10", ended="2026-03-10T10:00:00+08:00"),
        charge("W", "10", ended="2026-03-10T14:00:00+08:00"),
        charge("X", "1", ended="2026-03-11T12:00:00+08:00"),
    )
    book.account()
    assert [(entry["session_id"], entry["points"]) for entry in book.entries()] == [
        ("OP:W", 2180),
        ("OP:X", 382),
        ("OP:Z", 3820),
    ]
    book.sessions(
        charge("Z", "10", ended="2026-03-09T10:00:00+08:00"), charge("X", "1", ended="2026-03-09T12:00:00+08:00")
    )
    for vintages in (first, None):
        book.account(vintages)
    points = {vintage: points for (_, _, vintage), (points, _) in book.sums().items()}
    assert points == {NINTH: 4202, TENTH: 3820}
