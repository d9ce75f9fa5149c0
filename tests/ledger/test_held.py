"""A change to an award of a final vintage is held and listed; everything else of the run posts.

Paper: 10 kWh in an hour of gas are 5 350 points, in an hour of half gas and half solar 7 200, in one of solar 9 050.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.book import AT, CN, HOUR, NEXT, US, Book, charge, charge_us, mix, told, user

FIRST = (US, "OP:1", "2026-03-10", user("alice"), "issuance", 5350, 5350)
WHAT = ("programme", "session_id", "vintage", "user_id", "kind", "points", "points_after")


@pytest.fixture
def book(california: Book) -> Book:
    return california


def command_line(book: Book, *words: str) -> subprocess.CompletedProcess[str]:
    """`chargeledger account` as a person calls it."""
    call = [sys.executable, "-m", "chargeledger.cli", "account", *words, "--lake", book.lake, "--at", AT]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_the_command_lists_what_is_held_exits_3_posts_the_rest_and_stays_so(book: Book) -> None:
    book.sessions(charge_us("1", "12"), charge_us("2", "10", "bob"), charge("3", "10"))
    first = command_line(book)
    assert first.returncode == 3
    assert "OP:1" in first.stderr and "OP:2" not in first.stderr
    assert "Traceback" not in first.stderr
    assert [told(entry, *WHAT) for entry in book.entries()] == [
        FIRST,
        (CN, "OP:3", "2026-03-09", user("alice"), "issuance", 3820, 3820),
        (US, "OP:2", "2026-03-10", user("bob"), "issuance", 5350, 5350),
    ]
    again = command_line(book)
    assert (again.returncode, len(book.entries()), len(book.commits())) == (3, 3, 2)
    assert "OP:1" in again.stderr
    book.publish()
    (status,) = [row for row in book.published("session_status") if row["session_id"] == "OP:1"]
    assert status["state"] == "awaiting approval"
    (assessed,) = [row for row in book.published("session_assessment") if row["session_id"] == "OP:1"]
    assert told(assessed, "energy_wh", "points", "emission_reductions_ng") == (10_000, 5350, 5_350_913_030_000)
    (vintage,) = [row for row in book.published("vintage") if row["programme"] == US]
    assert told(vintage, "state", "waiting_for_approval", "points") == ("final", 1, 10_700)


@pytest.mark.parametrize(
    "correction",
    [
        pytest.param(charge_us("1", "20"), id="more energy"),
        pytest.param(charge_us("1", "10", "bob"), id="another owner"),
        pytest.param(charge_us("1", "10", ended="2026-03-11T18:00:00Z"), id="another vintage, and its hour is missing"),
        pytest.param(charge("1", "10"), id="another programme, whose vintage is provisional"),
        pytest.param(charge("1", "10", region="NO"), id="no programme"),
        pytest.param(charge_us("1", "0.2"), id="less energy"),
    ],
)
def test_whatever_the_correction_the_whole_lineage_stands_as_posted(book: Book, correction: str) -> None:
    book.sessions(correction)
    assert book.account()["held"] == ["OP:1"]
    assert [told(entry, *WHAT) for entry in book.entries()] == [FIRST]
    state = book.session("OP:1")
    assert (state["state"], state["points"], state["vintage"].isoformat()) == ("awaiting approval", 5350, "2026-03-10")


def test_a_restated_hour_holds_every_award_that_rests_on_it_and_first_awards_use_it(book: Book) -> None:
    book.sessions(charge_us("2", "10", "bob"))
    book.account()
    book.grid(mix(HOUR, gas=50, solar=50))
    book.sessions(charge_us("3", "10", "carol"))
    assert book.account()["held"] == ["OP:1", "OP:2"]
    assert [told(entry, *WHAT) for entry in book.entries()[2:]] == [
        (US, "OP:3", "2026-03-10", user("carol"), "issuance", 7200, 7200)
    ]


def test_the_hold_disappears_when_the_hour_is_what_it_was(book: Book) -> None:
    book.grid(mix(HOUR, solar=100))
    assert book.account()["held"] == ["OP:1"]
    book.grid(mix(HOUR, gas="100.0"))
    done = book.account()
    assert (done["held"], done["posted_entries"]) == ([], 0)
    assert book.session("OP:1")["state"] == "awarded"


def test_the_hold_disappears_when_the_session_is_what_it_was(book: Book) -> None:
    book.sessions(charge_us("1", "12", revised="2026-03-11T10:00:00Z"))
    assert book.account()["held"] == ["OP:1"]
    book.sessions(charge_us("1", "10", revised="2026-03-11T11:00:00Z"))
    assert book.account()["held"] == []
    assert [told(entry, *WHAT) for entry in book.entries()] == [FIRST]
    assert book.session("OP:1")["state"] == "awarded"
    assert command_line(book).returncode == 0


def test_a_second_correction_stays_held_with_nothing_posted_in_between(book: Book) -> None:
    for kwh in ("12", "14"):
        book.sessions(charge_us("1", kwh))
        assert book.account()["held"] == ["OP:1"]
    assert len(book.entries()) == 1


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(charge_us("1", "10", revised="2026-03-11T10:00:00Z"), id="the same figures, told again"),
        pytest.param(charge_us("1", "-10"), id="a revision that is refused"),
    ],
)
def test_what_changes_no_award_is_not_held(book: Book, row: str) -> None:
    book.sessions(row, *[charge_us("1", "10")] * 9)
    done = book.account()
    assert (done["held"], done["posted_entries"], book.session("OP:1")["state"]) == ([], 0, "awarded")


def test_a_correction_of_a_provisional_vintage_posts_beside_one_that_is_held(book: Book) -> None:
    book.sessions(charge("2", "10"))
    book.account()
    book.sessions(charge("2", "12"), charge_us("1", "12"))
    done = book.account()
    assert (done["held"], done["posted_points"]) == (["OP:1"], 764)


def test_the_parts_of_one_correction_in_two_vintages_are_held_together(tmp_path: Path) -> None:
    """The new day is provisional; issuing there while the old one stands would award the charge twice."""
    book = Book(tmp_path)
    book.sessions(charge("1", "10"))
    book.account(at="2026-04-09T00:00:00Z")  # the vintage of 9 March is final, that of the 10th is not
    book.sessions(charge("1", "10", ended="2026-03-10T12:00:00+08:00"))
    assert book.account()["held"] == ["OP:1"]
    assert book.sums() == {(CN, user("alice"), "2026-03-09"): (3820, 3_820_312_000_000)}


def test_a_session_that_comes_back_into_a_final_vintage_where_nothing_stands_is_a_late_session(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.sessions(charge("1", "10", ended="2026-03-09T23:00:00+08:00"))
    book.account()
    book.sessions(charge("1", "10", ended="2026-03-10T00:30:00+08:00"))
    book.account()  # reversed on the 9th, issued on the 10th
    passed = "2026-04-09T00:00:00Z"
    book.account(at=passed)
    assert book.vintages() == {(CN, "2026-03-09"): "final", (CN, "2026-03-10"): "provisional"}
    book.sessions(charge("1", "10", ended="2026-03-09T23:01:00+08:00"), at=passed)
    assert book.account(at=passed)["held"] == []
    assert book.sums() == {(CN, user("alice"), "2026-03-09"): (3820, 3_820_312_000_000)}


def test_a_held_lineage_is_flagged_when_another_revision_is_in_quarantine(book: Book) -> None:
    book.sessions(charge_us("1", "12"))
    book.account()
    book.sessions(charge_us("1", "-3"), *[charge_us("1", "10")] * 9)
    book.account()
    assert (book.session("OP:1")["state"], book.session("OP:1")["has_quarantined_revision"]) == (
        "awaiting approval",
        True,
    )


def test_a_run_of_one_programme_does_not_ask_for_approval_in_another(book: Book) -> None:
    book.sessions(charge_us("1", "12"), charge("2", "10"))
    book.account()
    assert book.account(programme=CN)["held"] == []


def test_a_missing_hour_of_a_correction_is_held_and_its_arrival_posts_nothing(book: Book) -> None:
    book.sessions(charge_us("1", "10", ended="2026-03-10T19:00:00Z"))
    assert book.account()["held"] == ["OP:1"]
    book.grid(mix(NEXT, solar=100))
    assert book.account()["held"] == ["OP:1"]
    assert len(book.entries()) == 1
