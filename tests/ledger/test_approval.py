"""What is held is proposed by its receipt; approving posts exactly that, or nothing.

Paper: 10 kWh in California, an hour of gas, are 5 350 913 030 000 ng = 5 350 points; 12 kWh are 6 421 095 636 000 ng = 6 421;
20 kWh are 10 701 826 060 000 ng = 10 701. In an hour of half gas and half solar 10 kWh are 7 200 points.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from chargeledger.errors import Refused, UsageError
from tests.ledger import decided
from tests.ledger.book import AT, CN, HOUR, US, Book, charge, charge_us, mix, told, user

WHAT = ("session_id", "user_id", "kind", "reason", "points", "points_after")
KEY = ("programme", "session_id", "vintage", "user_id", "posted_points", "points", "emission_reductions_ng")


@pytest.fixture
def book(california: Book) -> Book:
    """5 350 points of alice for OP:1, final; and its correction to 12 kWh is staged."""
    california.sessions(charge_us("1", "12"))
    return california


def test_a_proposal_says_what_would_change_and_why_it_is_held(book: Book) -> None:
    done = book.account()
    assert (done["held"], done["proposed"]["points"], done["proposed"]["lineages"]) == (["OP:1"], 1071, 1)
    assert decided.proposed(book, done["receipt"], *KEY, "reason", "cause") == [
        (
            US,
            "OP:1",
            "2026-03-10",
            user("alice"),
            5350,
            1071,
            1_070_182_606_000,
            "corrected session",
            "the vintage is final",
        )
    ]
    kept = json.loads((book.root / "receipts" / f"{done['receipt']}.json").read_text())
    assert kept["proposal"] == done["proposed"] == {
        "keys": 1, "lineages": 1, "users": 1, "points": 1071, "points_gained": 1071, "points_lost": 0,
        "emission_reductions_ng": "1070182606000",
    }  # fmt: skip
    found = decided.proposal(book, done["receipt"])
    assert (found.state, found.clock) == ("waiting", AT)


def test_approving_posts_exactly_the_difference_and_the_receipt_holds_the_decision(book: Book) -> None:
    done = book.account()
    posted = decided.approve(book, done)
    assert (posted["posted_entries"], posted["posted_points"], posted["held"]) == (1, 1071, [])
    (_, entry) = book.entries()
    assert told(entry, *WHAT) == ("OP:1", user("alice"), "adjustment", "corrected session", 1071, 6421)
    assert told(entry, "emission_reductions_ng", "status", "receipt_digest") == (
        1_070_182_606_000, "final", posted["receipt"],
    )  # fmt: skip
    kept = json.loads((book.root / "receipts" / f"{posted['receipt']}.json").read_text())
    assert kept["decision"] == {
        "kind": "approve", "proposal": done["receipt"], "ledger_version": 2, "by": "auditor", "because": "read again",
    }  # fmt: skip
    state = book.session("OP:1")
    assert (state["state"], state["points"], state["energy_wh"], state["reason"]) == ("awarded", 6421, 12_000, None)
    assert decided.proposal(book, done["receipt"]).state == "approved"
    assert book.account()["posted_entries"] == 0
    assert decided.all_receipts_are_the_same(book) == 3


def test_approving_twice_posts_nothing_and_says_so(book: Book) -> None:
    done = book.account()
    first = decided.approve(book, done)
    again = decided.approve(book, done)
    assert (again["is_new"], again["posted_entries"], len(book.entries()), len(book.commits())) == (False, 0, 2, 3)
    assert again["proposal"].settled_by == first["receipt"]
    with pytest.raises(Refused, match="was approved by auditor"):
        decided.reject(book, done)


def test_an_approval_is_refused_where_another_correction_has_come_and_names_the_session(book: Book) -> None:
    done = book.account()
    book.sessions(charge_us("1", "20"))
    with pytest.raises(Refused, match=r"the changes of 1 sessions are no longer what .* OP:1"):
        decided.approve(book, done)
    assert (len(book.entries()), len(book.commits())) == (1, 2)
    newer = book.account()
    with pytest.raises(Refused, match=f"superseded by that of receipt {newer['receipt'][:16]}"):
        decided.approve(book, done)
    decided.approve(book, newer)
    assert [entry["points_after"] for entry in book.entries()] == [5350, 10_701]
    assert decided.proposal(book, done["receipt"]).state == "superseded"


def test_a_newer_proposal_takes_over_the_rest_of_the_one_that_it_touches_and_no_other(book: Book) -> None:
    book.sessions(charge_us("2", "10", "bob"), charge_us("3", "10", "carol"))
    first = book.account()
    book.sessions(charge_us("2", "12", "bob"), charge_us("3", "12", "carol"))
    second = book.account()
    book.sessions(charge_us("2", "20", "bob"))
    third = book.account()
    assert decided.proposed(book, third["receipt"], "session_id", "points") == [("OP:2", 5351), ("OP:3", 1071)]
    states = [decided.proposal(book, done["receipt"]).state for done in (first, second, third)]
    assert states == ["waiting", "superseded", "waiting"]
    decided.approve(book, third)
    assert book.account()["held"] == ["OP:1"]
    decided.approve(book, first)
    assert {key[1]: sums[0] for key, sums in book.sums().items()} == {
        user("alice"): 6421, user("bob"): 10_701, user("carol"): 6421,
    }  # fmt: skip
    assert decided.all_receipts_are_the_same(book) == 6


def test_what_is_no_longer_due_cannot_be_approved(book: Book) -> None:
    done = book.account()
    book.sessions(charge_us("1", "10", revised="2026-03-11T11:00:00Z"))
    assert book.account()["held"] == []
    with pytest.raises(Refused, match="is no longer due"):
        decided.approve(book, done)


def test_a_restated_hour_is_approved_for_all_that_rest_on_it_and_late_sessions_are_not_asked_for(book: Book) -> None:
    book.account()
    book.sessions(charge_us("1", "10", revised="2026-03-11T11:00:00Z"), charge_us("2", "10", "bob"))
    book.account()
    book.grid(mix(HOUR, gas=50, solar=50))
    done = book.account()
    assert decided.proposed(book, done["receipt"], "session_id", "points", "reason") == [
        ("OP:1", 1850, "restated grid data"), ("OP:2", 1850, "restated grid data"),
    ]  # fmt: skip
    assert decided.approve(book, done)["posted_points"] == 3700
    assert [entry["reason"] for entry in book.entries()[2:]] == ["restated grid data"] * 2


def test_an_approval_accounts_nothing_that_arrived_and_makes_nothing_final(book: Book) -> None:
    done = book.account()
    book.sessions(charge_us("2", "10", "bob"), charge("3", "10"))
    later = "2026-05-01T00:00:00Z"
    posted = decided.approve(book, done, at=later)
    assert (posted["posted_entries"], posted["touched"]) == (1, 1)
    assert book.vintages() == {(US, "2026-03-10"): "final"}
    assert book.account(at=later)["posted_entries"] == 2
    assert book.vintages() == {(US, "2026-03-10"): "final", (CN, "2026-03-09"): "final"}


def test_a_change_of_owner_is_one_proposal_of_two_keys(california: Book) -> None:
    california.sessions(charge_us("1", "10", "bob"))
    done = california.account()
    assert sorted(decided.proposed(california, done["receipt"], "posted_points", "points", "has_award")) == [
        (0, 5350, False), (5350, -5350, True),
    ]  # fmt: skip
    decided.approve(california, done)
    assert {key[1]: sums[0] for key, sums in california.sums().items()} == {user("bob"): 5350}


def command_line(book: Book, *words: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "chargeledger.cli", *words, "--lake", book.lake]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_the_commands_show_list_and_decide(book: Book) -> None:
    first = command_line(book, "account", "--at", AT)
    assert first.returncode == 3
    assert "+1,071" in first.stdout and "held, 1 sessions: the vintage is final" in first.stdout
    receipt = str(book.commits()[-1]["receipt"])
    assert f"{receipt[:16]}" in first.stdout
    shown = command_line(book, "proposal", "show", receipt[:8])
    assert (shown.returncode, "waits for a decision since 2026-03-12T00:00:00Z" in shown.stdout) == (0, True)
    say = ("--by", "A. Auditor", "--because", "the meter was read again", "--at", AT)
    done = command_line(book, "approve", receipt[:8], *say)
    assert (done.returncode, "1 entries, 1,071 points posted; receipt " in done.stdout) == (0, True), done
    again = command_line(book, "approve", receipt[:8], *say)
    assert (again.returncode, "Nothing was posted now" in again.stdout) == (0, True), again
    listed = command_line(book, "proposal", "list")
    assert "approved by A. Auditor at 2026-03-12T00:00:00Z" in listed.stdout
    refused = command_line(book, "reject", receipt[:8], *say)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)


def test_the_command_rejects_and_the_award_stands_in_the_runs_that_follow(book: Book) -> None:
    proposed = str(book.account()["receipt"])
    say = ("--by", "A. Auditor", "--because", "the first reading was right", "--at", AT)
    done = command_line(book, "reject", proposed[:8], *say)
    receipt = str(book.commits()[-1]["receipt"])
    said = (
        f"the proposal of receipt {proposed[:16]} was rejected by A. Auditor at {AT} "
        f'("the first reading was right"), receipt {receipt[:16]}'
    )
    assert (done.returncode, done.stdout) == (0, f"{said}\n0 entries, 0 points posted; receipt {receipt}\n"), done
    kept = json.loads((book.root / "receipts" / f"{receipt}.json").read_text())
    assert kept["decision"] == {
        "kind": "reject", "proposal": proposed, "ledger_version": 2, "by": "A. Auditor", "because": "the first reading was right",
    }  # fmt: skip
    assert (kept["counts"]["entries"], kept["held"], "proposal" in kept) == (0, [], False)
    # a run beside it, as a command that has nothing to ask, and one after the same figures came again
    book.sessions(charge_us("2", "10", "bob"))
    assert command_line(book, "account", "--at", AT).returncode == 0
    book.sessions(charge_us("1", "12", revised="2026-03-11T09:00:00Z"))
    assert book.account()["proposed"] is None
    assert [told(entry, "session_id", "points") for entry in book.entries()] == [("OP:1", 5350), ("OP:2", 5350)]
    pinned = book.session("OP:1")
    assert (pinned["points"], pinned["reason"]) == (5350, "a proposed change was rejected")
    again = command_line(book, "reject", proposed[:8], *say)
    assert (again.returncode, again.stdout) == (0, f"{said}. Nothing was posted now.\n"), again


@pytest.mark.parametrize(("by", "because"), [("", "x"), ("x", " ")])
def test_a_decision_says_who_and_why(book: Book, by: str, because: str) -> None:
    from chargeledger import flow

    done = book.account()
    with pytest.raises(UsageError, match="--by NAME --because TEXT"):
        flow.decide("approve", done["receipt"], by, because, book.lake, AT)


def test_a_receipt_that_proposes_nothing_cannot_be_approved_and_what_waits_is_named(book: Book) -> None:
    done = book.account()
    with pytest.raises(UsageError, match=f"proposes nothing. Waiting for a decision: {done['receipt'][:16]}"):
        decided.decide(book, "approve", book.commits()[0]["receipt"])


def test_a_renewed_proposal_supersedes_the_old_one_and_is_approved_in_its_place(book: Book) -> None:
    done = book.account()
    newer = decided.decide(book, "renew", done["receipt"])
    assert (newer["proposed"], newer["posted_entries"]) == (done["proposed"], 0)
    assert decided.proposal(book, done["receipt"]).state == "superseded"
    assert decided.approve(book, newer)["posted_points"] == 1071
    assert decided.all_receipts_are_the_same(book) == 4
