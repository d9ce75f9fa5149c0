"""A vintage is provisional until its window has passed by the clock of a run, then final for ever.

Paper: the Chinese vintage of 9 March ends at 10 March 00:00 +08:00 = 9 March 16:00 Z; 30 days of 86 400 s later it is
8 April 16:00:00 Z. In California the clocks go forward on 8 March 2026 at 10:00 Z: the vintage of the 7th ends at
8 March 08:00 Z (UTC-8), that of the 8th at 9 March 07:00 Z (UTC-7), after 23 hours.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import altered, decided
from tests.ledger.book import AT, CN, HOUR, US, Book, Row, charge, charge_us, mix, told, user
from tests.ledger.told import charged

BEFORE, PASSED = "2026-04-08T15:59:59Z", "2026-04-08T16:00:00Z"
DAY = (CN, "2026-03-09")
FELL = ("awards", "awards_made", "awards_fallen")


@pytest.fixture
def book(china: Book) -> Book:
    return china


def test_a_vintage_becomes_final_at_the_second_its_window_has_passed_in_a_commit_without_entries(book: Book) -> None:
    assert book.vintages() == {DAY: "provisional"}
    assert book.account(at=BEFORE)["receipt"] is None  # nothing to say, so no commit
    assert book.vintages() == {DAY: "provisional"}
    done = book.account(at=PASSED)
    assert (done["posted_entries"], len(book.commits()), len(book.entries())) == (0, 2, 1)
    assert done["receipt"] is not None
    assert book.vintages() == {DAY: "final"}
    (row,) = book.states("vintage_state", "programme", "vintage").values()
    assert row["final_since_seq"] == 1


@pytest.mark.parametrize(
    ("ended", "vintage", "last_second", "over"),
    [
        ("2026-03-08T07:30:00Z", "2026-03-07", "2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z"),
        ("2026-03-09T06:30:00Z", "2026-03-08", "2026-03-09T06:59:59Z", "2026-03-09T07:00:00Z"),
    ],
)
def test_without_a_window_the_end_of_the_local_day_decides(
    tmp_path: Path, ended: str, vintage: str, last_second: str, over: str
) -> None:
    book = Book(tmp_path)
    book.sessions(charge_us("1", "10", ended=ended), at=last_second)  # no grid: it waits, and does not hold the day up
    book.account(at=last_second)
    assert book.vintages() == {(US, vintage): "provisional"}
    book.account(at=over)
    assert book.vintages() == {(US, vintage): "final"}


def test_a_run_first_posts_and_then_marks(book: Book) -> None:
    book.sessions(charge("1", "12"), at="2026-03-12T00:00:00Z")
    done = book.account(at="2027-01-01T00:00:00Z")  # the first run after the window: the correction is no restatement
    assert (done["held"], done["posted_points"]) == ([], 764)
    # the status is the vintage's after the commit that posted; what was posted before keeps its own
    assert [entry["status"] for entry in book.entries()] == ["provisional", "final"]
    assert book.vintages() == {DAY: "final"}


def test_a_late_session_into_a_final_vintage_is_final_at_once(book: Book) -> None:
    book.account(at=PASSED)
    book.sessions(charge("2", "12"), at="2026-03-12T00:00:00Z")
    done = book.account(at=PASSED)
    # first landed at the clock of the last commit, which is 30 days and 12 hours after its end: late, so no points
    assert (done["held"], told(book.entries()[1], "points", "not_awarded_ng", "status")) == (
        [],
        (0, 4_584_374_400_000, "final"),
    )
    assert (book.session("OP:2")["state"], book.session("OP:2")["reason"]) == ("not awarded", "late")


def test_user_points_say_how_many_are_final(book: Book) -> None:
    book.sessions(charge("2", "12", ended="2026-03-11T12:00:00+08:00"))
    book.account()
    book.publish()
    ((points, final),) = [(row["points"], row["final_points"]) for row in book.published("user_points")]
    assert (points, final) == (8404, 0)  # 3 820 + 4 584
    book.account(at=PASSED)
    book.publish()
    ((points, final, account),) = [
        (row["points"], row["final_points"], row["user_id"]) for row in book.published("user_points")
    ]
    assert (points, final, account) == (8404, 3820, user("alice"))
    states = {row["session_id"]: row["state"] for row in book.published("session_status")}
    assert states == {"OP:1": "final", "OP:2": "provisional"}
    assert {row["session_id"]: row["status"] for row in book.published("session_assessment")} == states


def test_only_the_vintages_of_the_scope_become_final(book: Book) -> None:
    book.sessions(charge("2", "12", ended="2026-03-08T12:00:00+08:00"))
    book.account()
    book.account("2026-03-08", at=PASSED)
    assert book.vintages() == {DAY: "provisional", (CN, "2026-03-08"): "final"}


def test_final_is_never_taken_back_by_an_earlier_clock(book: Book) -> None:
    book.account(at=PASSED)
    assert book.account(at="2026-03-12T00:00:00Z")["receipt"] is None
    assert book.vintages() == {DAY: "final"}


def test_final_is_never_taken_back_by_a_longer_window(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.account(at=PASSED)
    altered.programme_line(
        monkeypatch, tmp_path / "altered", CN, "correction_window_days: 30", "correction_window_days: 60"
    )
    done = book.account(at=PASSED)
    assert (done["touched"], done["posted_entries"], done["held"]) == (
        1,
        0,
        [],
    )  # another programme file: all is looked at
    assert book.vintages() == {DAY: "final"}


def test_the_clock_never_goes_back(book: Book) -> None:
    book.account(at=PASSED)
    book.sessions(charge("2", "12", ended="2026-04-01T12:00:00+08:00"), at="2026-04-02T00:00:00Z")
    book.account(at="2026-04-02T00:00:00Z")
    assert [commit["clock"] for commit in book.commits()] == ["2026-03-12T00:00:00Z", PASSED, PASSED]
    landed = sorted(row["landed_at"].isoformat() for row in book.staged("landing_file"))
    assert landed == ["2026-03-12T00:00:00+00:00", "2026-04-08T16:00:00+00:00"]


def test_a_publication_never_says_that_it_is_older_than_the_one_before(book: Book) -> None:
    book.publish(at=PASSED)
    book.sessions(charge("2", "12"))
    book.account()
    told_at = [row["published_at"] for _ in (book.publish(),) for row in book.published("publication")]
    assert [instant.isoformat() for instant in told_at] == ["2026-04-08T16:00:00+00:00"]


def test_a_vintage_of_sessions_that_wait_becomes_final_and_its_awards_are_counted(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10"), charge_us("2", "10", ""), charge_us("3", "10", ended="2026-03-10T19:00:00Z"))
    book.account()
    book.publish()
    (row,) = book.published("vintage")
    counted = ("state", "awards", "points", "waiting_for_grid", "waiting_for_owner", "waiting_for_approval")
    assert told(row, *counted) == ("final", 1, 5350, 1, 1, 0)


def test_a_vintage_tells_how_many_of_its_provisional_awards_fell(book: Book) -> None:
    """Of three awards one rises, one falls twice, one is withdrawn; what an approval takes from the final one is not counted."""
    book.sessions(charge("2", "10", "bob"), charge("3", "10", "carol"))
    book.account()
    assert told(_published(book), *FELL) == (3, 3, 0)
    book.sessions(charge("1", "12"), charge("2", "9", "bob"))
    book.send("session_csv", charged("3", is_credit="true"))
    book.account()
    assert told(_published(book), *FELL) == (2, 3, 2)
    book.sessions(charge("2", "8", "bob"))
    book.account(at=PASSED)  # posted by the run that makes the vintage final
    assert told(_published(book, PASSED), "state", *FELL) == ("final", 2, 3, 3)
    book.sessions(charge("1", "11"), at=PASSED)
    decided.approve(book, book.account(at=PASSED), PASSED)
    assert told(_published(book, PASSED), "points", *FELL) == (4202 + 3056, 2, 3, 3)


def _published(book: Book, at: str = AT) -> Row:
    book.publish(at)
    (row,) = book.published("vintage")
    return row
