"""Caps per account and vintage: they always hold, and what arrives late never lowers a final award.

Paper: 10 kWh in California, an hour of gas, are 5 350 913 030 000 ng: 5 350 points; 5 kWh are 2 675 456 515 000 ng: 2 675.
In China 10 kWh are 3 820 points, 12 kWh 4 584. What a cap cuts stands in capped_ng, 10^9 ng for each point.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.ledger import altered
from tests.ledger.book import CN, HOUR, NEXT, US, Book, charge, charge_us, mix, told, user

POSTED = ("session_id", "kind", "reason", "points", "capped_ng", "points_after")
NINTH = "2026-03-09"


def posted(book: Book) -> list[tuple[object, ...]]:
    return [told(entry, *POSTED) for entry in book.entries()]


@pytest.fixture
def final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """California under a cap of 8 000 points, its vintage final: X of alice stands with 5 350."""
    altered.points_cap(monkeypatch, tmp_path, US, 8000)
    book = Book(tmp_path / "book")
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("X", "10"))
    book.account()
    return book


def test_a_late_session_into_a_final_vintage_gets_what_is_left_even_if_it_ended_first(final: Book) -> None:
    final.sessions(charge_us("A", "10", ended="2026-03-10T17:30:00Z", started="2026-03-10T17:00:00Z"))
    done = final.account()
    # 8 000 - 5 350 = 2 650; the other 2 700 are capped
    late = ("OP:A", "issuance", "first assessment", 2650, 2_700_000_000_000, 2650)
    assert (done["held"], posted(final)[1:]) == ([], [late])
    final.sessions(charge_us("B", "5"))
    final.account()
    assert posted(final)[2:] == [("OP:B", "issuance", "first assessment", 0, 2_675_000_000_000, 0)]
    assert final.sums()[US, user("alice"), "2026-03-10"][0] == 8000


def test_a_cap_is_each_accounts_own(final: Book) -> None:
    final.sessions(charge_us("B", "10", "bob"))
    final.account()
    assert posted(final)[1:] == [("OP:B", "issuance", "first assessment", 5350, 0, 5350)]


@pytest.mark.parametrize("order", list(itertools.permutations("ABC"))[::3], ids="".join)
def test_whatever_arrives_late_in_whatever_order_the_cap_holds_and_no_award_falls(
    final: Book, order: tuple[str, ...]
) -> None:
    """The cap is filled, and each award is what the cap left when it was posted."""
    kwh = {"A": ("5", 2675), "B": ("10", 5350), "C": ("1", 535)}
    left = 8000 - 5350
    for name in order:
        final.sessions(charge_us(name, kwh[name][0]))
        assert final.account()["held"] == []
        assert told(final.entries()[-1], "session_id", "points") == (f"OP:{name}", min(left, kwh[name][1]))
        left -= min(left, kwh[name][1])
    assert len(final.entries()) == 4
    assert left == 0
    assert final.sums()[US, user("alice"), "2026-03-10"][0] == 8000


def test_an_energy_cap_counts_what_stands_and_what_it_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cap 15 kWh: X 10 stands; Y would make 20; Z would make 25, because the refused Y counts too."""
    altered.energy_cap(monkeypatch, tmp_path, US, 15_000)
    book = Book(tmp_path / "book")
    book.grid(mix(HOUR, gas=100))
    for name, kwh in (("X", "10"), ("Y", "10"), ("Z", "5")):
        book.sessions(charge_us(name, kwh))
        assert book.account()["held"] == []
    assert posted(book) == [
        ("OP:X", "issuance", "first assessment", 5350, 0, 5350),
        ("OP:Y", "issuance", "first assessment", 0, 5_350_000_000_000, 0),
        ("OP:Z", "issuance", "first assessment", 0, 2_675_000_000_000, 0),
    ]


def test_an_energy_cap_is_inclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered.energy_cap(monkeypatch, tmp_path, CN, 20_000)
    book = Book(tmp_path / "book")
    book.sessions(charge("A", "10"), charge("B", "10", ended="2026-03-09T13:00:00+08:00"))
    book.account()
    assert [entry["points"] for entry in book.entries()] == [3820, 3820]
    book.sessions(charge("A", "10.001"))
    book.account()
    assert book.sums()[CN, user("alice"), NINTH][0] == 3820  # 20 001 Wh with B, so B gets nothing


def rows_of_a_day() -> dict[str, str]:
    """Due under a cap of 6 000: A 3 820 (ends first), B the 2 180 that are left, C nothing."""
    return {
        name: charge(name, kwh, ended=f"2026-03-09T{hour}:00:00+08:00")
        for name, kwh, hour in (("A", "10", "12"), ("B", "10", "13"), ("C", "12", "14"))
    }


@pytest.mark.parametrize("order", list(itertools.permutations("ABC"))[2::3], ids="".join)
def test_within_a_provisional_vintage_the_order_of_arrival_is_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    altered.points_cap(monkeypatch, tmp_path, CN, 6000)
    book = Book(tmp_path / "book")
    for name in order:
        book.sessions(rows_of_a_day()[name])
        book.account()
        assert sum(entry["points"] for entry in book.entries()) <= 6000
    book.publish()
    points = {row["session_id"]: row["points"] for row in book.published("session_assessment")}
    assert points == {"OP:A": 3820, "OP:B": 2180, "OP:C": 0}


def test_what_moves_away_frees_the_cap_for_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered.points_cap(monkeypatch, tmp_path, CN, 6000)
    book = Book(tmp_path / "book")
    book.sessions(*rows_of_a_day().values())
    book.account()
    book.sessions(charge("A", "10", "bob"))
    book.account()
    # B now comes first with 3 820, C gets 6 000 - 3 820 = 2 180 of its 4 584
    changed = {
        entry["session_id"]: told(entry, *POSTED[1:])
        for entry in book.entries()[3:]
        if entry["user_id"] == user("alice")
    }
    assert changed["OP:B"] == ("adjustment", "shared cap", 1640, -1_640_000_000_000, 3820)
    assert changed["OP:C"] == ("adjustment", "shared cap", 2180, -2_180_000_000_000, 2180)
    assert {key[1]: points for key, (points, _) in book.sums().items()} == {user("alice"): 6000, user("bob"): 3820}


@pytest.mark.parametrize(
    "correction",
    [
        charge_us("X", "2"),
        charge_us("X", "10", "bob"),
        charge_us("X", "10", ended="2026-03-10T22:00:00Z"),
        charge("X", "10"),
    ],
    ids=["energy", "owner", "missing hour", "programme"],
)
def test_a_held_award_still_counts_in_the_cap_as_posted(final: Book, correction: str) -> None:
    final.sessions(correction)
    assert final.account()["held"] == ["OP:X"]
    final.sessions(charge_us("Y", "10"))
    final.account()
    assert posted(final)[1:] == [("OP:Y", "issuance", "first assessment", 2650, 2_700_000_000_000, 2650)]


def test_a_held_correction_takes_nothing_from_the_account_that_it_names(final: Book) -> None:
    final.sessions(charge_us("X", "10", "bob"))
    final.grid(mix(NEXT, gas=100))
    final.account()
    final.sessions(charge_us("Y", "10", "bob", ended="2026-03-10T19:00:00Z"))
    final.account()
    assert posted(final)[1:] == [("OP:Y", "issuance", "first assessment", 5350, 0, 5350)]


def test_a_lower_cap_holds_final_awards_and_takes_nothing_back(
    final: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "points_per_account_and_vintage: "
    altered.programme_line(monkeypatch, tmp_path, US, f"{line}8000", f"{line}5000")
    done = final.account()
    assert (done["posted_entries"], done["held"]) == (0, ["OP:X"])
    final.sessions(charge_us("Y", "10"))
    final.account()
    assert [entry["points"] for entry in final.entries()] == [5350, 0]
