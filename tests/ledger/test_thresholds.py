"""Where a threshold of the programme is passed, changes to awards that are there wait, and first awards post.

Paper: 10 kWh in China are 3 820 points, 12 kWh 4 584 (764 more), 20 kWh 7 640. Three awards of 10 kWh hold 11 460 points: 764 of
them are 66.66 per mille, 3 820 are 333.3; one of three users is 333.3 per mille.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import altered, decided
from tests.ledger.book import AT, CN, Book, charge, told, user
from tests.ledger.told import charged, station

DAY = "2026-03-09"
CORRECTED = ("corrected session", 764, 4584)
Row = dict[str, object]


def set_thresholds(patch: pytest.MonkeyPatch, folder: Path, said: str) -> None:
    altered.programme_line(patch, folder, CN, "enrolment: none", f"enrolment: none\napproval: {{{said}}}")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return three(tmp_path)


def three(folder: Path) -> Book:
    """10 kWh each of alice, bob and carol, posted on 12 March in the provisional vintage of the 9th, which ended at 16:00 Z."""
    book = Book(folder / "book")
    book.sessions(charge("1", "10"), charge("2", "10", "bob"), charge("3", "10", "carol"))
    book.account()
    return book


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("points_per_mille: 67", None),  # 764 000 is not over 11 460 x 67 = 767 820
        ("points_per_mille: 66", "764 of 11460 points of the vintage would change: over 66 per mille"),
        ("users_per_mille: 334", None),
        ("users_per_mille: 333", "1 of 3 users of the vintage are affected: over 333 per mille"),
        ("vintage_age_days: 3", None),  # on 12 March at 00:00 Z it ended 2 days and 8 hours ago
        ("vintage_age_days: 2", "the vintage ended over 2 days ago"),
        ("points_per_mille: null, users_per_mille: 1000", None),
        (
            "points_per_mille: 0, users_per_mille: 0",
            "764 of 11460 points of the vintage would change: over 0 per mille; "
            "1 of 3 users of the vintage are affected: over 0 per mille",
        ),
    ],
)
def test_a_threshold_is_passed_by_more_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, cause: str | None
) -> None:
    set_thresholds(monkeypatch, tmp_path, said)
    book = three(tmp_path)
    book.sessions(charge("1", "12"), charge("4", "10", "dora"))
    done = book.account()
    new = {e["session_id"]: told(e, "reason", "points", "points_after") for e in book.entries()[3:]}
    first = {"OP:4": ("first assessment", 3820, 3820)}
    if cause is None:
        assert (done["held"], new) == ([], {"OP:1": CORRECTED, **first})
        return
    assert (done["held"], new) == (["OP:1"], first)
    assert decided.proposed(book, done["receipt"], "session_id", "points", "cause") == [("OP:1", 764, cause)]
    state = book.session("OP:1")
    assert (state["state"], state["points"], state["energy_wh"]) == ("awaiting approval", 3820, 10_000)
    assert state["reason"] == "a change of the award passes a threshold of the programme"
    decided.approve(book, done)
    assert told(book.entries()[-1], "session_id", "reason", "points", "points_after") == ("OP:1", *CORRECTED)
    assert decided.all_receipts_are_the_same(book) == 3


def test_thresholds_are_of_one_vintage_and_what_waits_counts_in_them(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points may change by 100 per mille of 11 460. What waits counts, so nobody passes a threshold in small steps."""
    book.sessions(charge("9", "10", "dora", ended="2026-03-10T12:00:00+08:00"))
    book.account()
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 100")
    book.sessions(charge("1", "20"), charge("9", "10.5", "dora", ended="2026-03-10T12:00:00+08:00"))
    assert book.account()["held"] == ["OP:1"]  # 333 per mille of the 9th; on the 10th 50 per mille
    book.sessions(charge("2", "12", "bob"))
    second = book.account()
    assert second["held"] == ["OP:1", "OP:2"]
    assert decided.proposed(book, second["receipt"], "session_id", "cause") == [
        ("OP:2", "4584 of 11460 points of the vintage would change: over 100 per mille")
    ]
    assert decided.approve(book, second)["posted_points"] == 764
    assert book.account()["held"] == ["OP:1"]


def test_a_lineage_that_waits_goes_on_waiting_though_no_threshold_is_passed_any_more(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 100")
    book.sessions(charge("1", "20"))
    first = book.account()
    book.sessions(charge("1", "12"))
    second = book.account()
    assert decided.proposed(book, second["receipt"], "points", "cause") == [(764, "an earlier change of it waits")]
    assert decided.proposal(book, first["receipt"]).state == "superseded"
    book.sessions(charge("1", "10", revised="2026-03-11T10:00:00Z"))
    assert (book.account()["held"], book.session("OP:1")["state"]) == ([], "awarded")


def test_a_change_of_owner_moves_neither_half_and_counts_the_award_that_is_there(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 333")
    book.sessions(charge("1", "10", "bob"))
    done = book.account()
    assert [row[0] for row in decided.proposed(book, done["receipt"], "cause")] == [
        "3820 of 11460 points of the vintage would change: over 333 per mille"
    ] * 2
    assert {key[1]: sums[0] for key, sums in book.sums().items()} == dict.fromkeys(
        map(user, ("alice", "bob", "carol")), 3820
    )


def test_under_a_cap_what_is_held_counts_as_posted_for_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cap 6 000: A 3 820, B 2 180. C ends before both and would take their place; they are held, so it gets nothing."""
    altered.points_cap(monkeypatch, tmp_path, CN, 6000)
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 10")
    book = Book(tmp_path / "book")
    book.sessions(charge("A", "10"), charge("B", "10", ended=f"{DAY}T13:00:00+08:00"))
    book.account()
    book.sessions(charge("C", "10", ended=f"{DAY}T11:00:00+08:00"))
    done = book.account(at=AT)
    assert (done["held"], told(book.entries()[-1], "session_id", "points")) == (["OP:A", "OP:B"], ("OP:C", 0))
    assert sum(entry["points"] for entry in book.entries()) == 6000
    decided.approve(book, done)
    book.publish()
    points = {row["session_id"]: row["points"] for row in book.published("session_assessment")}
    assert points == {"OP:C": 3820, "OP:A": 2180, "OP:B": 0}  # as if all had come at once
    assert decided.all_receipts_are_the_same(book) == 3


def test_a_claim_stays_with_what_is_held_until_somebody_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The aggregator's award would be reversed for the operator's own record of the charge: never are both awarded."""
    set_thresholds(monkeypatch, tmp_path, "points_per_mille: 10")
    book = Book(tmp_path / "book")
    book.send("station_csv", station(connector_id="1"), station(connector_id="1", issuer="AGG"))
    book.send("session_csv", charged("9", operator="AGG", connector_id="1"))
    book.account()
    book.send("session_csv", charged("1", connector_id="1"))
    done = book.account()
    assert (done["held"], done["posted_entries"], book.session("OP:1")["state"]) == (["AGG:9"], 0, "duplicate")
    assert decided.proposed(book, done["receipt"], "session_id", "points", "reason") == [
        ("AGG:9", -3820, "duplicate claim")
    ]
    decided.approve(book, done)
    assert [told(e, "session_id", "kind", "points") for e in book.entries()[1:]] == [
        ("AGG:9", "reversal", -3820), ("OP:1", "issuance", 3820),
    ]  # fmt: skip
    assert decided.all_receipts_are_the_same(book) == 3


def test_a_held_correction_takes_no_place_on_a_connector(tmp_path: Path) -> None:
    """Final, it is told to have been two days later: who charges there then is awarded, and its own place stays taken."""
    book = Book(tmp_path / "book")
    book.send("station_csv", station(connector_id="1"))
    book.send("session_csv", charged("1", connector_id="1"))
    book.account(at="2026-04-09T00:00:00Z")
    eleventh = "2026-03-11T12:00:00+08:00"
    rows = [charged("1", connector_id="1", ended_at=eleventh), charged("2", connector_id="1", ended_at=eleventh)]
    book.send("session_csv", *rows, charged("3", connector_id="1"), at="2026-04-09T00:00:00Z")
    done = book.account(at="2026-04-09T00:00:00Z")
    states = {name: row["state"] for name, row in book.states("session_state", "session_id").items()}
    assert (done["held"], states["OP:2"], states["OP:3"]) == (["OP:1"], "awarded", "quarantined")


@pytest.mark.parametrize(("per_mille", "held"), [(500, []), (499, ["OP:1"])])
def test_exactly_the_threshold_is_not_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per_mille: int, held: list[str]
) -> None:
    """One of two users are 500 per mille."""
    set_thresholds(monkeypatch, tmp_path, f"users_per_mille: {per_mille}")
    book = Book(tmp_path / "book")
    book.sessions(charge("1", "10"), charge("2", "10", "bob"))
    book.account()
    book.sessions(charge("1", "12"))
    assert book.account()["held"] == held
