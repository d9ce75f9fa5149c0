"""Whom a session belongs to may be said with it, after it or before it, of the order or of its token; and who takes part.

Paper: 10 kWh AC in China in 2026 are 3 820 points.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from tests.ledger import altered
from tests.ledger.book import CN, Book, told, user
from tests.ledger.told import charged, enrolled, owner

LATER = "2026-04-20T00:00:00Z"  # the vintage of 9 March is final


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A book whose Chinese programme asks for an enrolment."""
    altered.programme_line(monkeypatch, tmp_path, CN, "enrolment: none", "enrolment: required")
    return Book(tmp_path / "book")


def stand(book: Book, session_id: str = "OP:1") -> tuple[str, str | None, str | None]:
    row = book.session(session_id)
    return row["state"], row["reason"], row["user_id"]


def test_a_session_without_an_owner_waits_and_is_issued_when_the_owner_is_said(book: Book) -> None:
    book.send("session_csv", charged("1", account=""))
    book.account()
    assert (stand(book), book.entries()) == (("awaiting owner", None, None), [])
    assert book.session("OP:1")["emission_reductions_ng"] == 3_820_312_000_000, "it is assessed"
    book.send("session_owner_csv", owner(order_number="1"))
    book.account()
    assert stand(book) == ("awarded", None, user("bob"))
    assert [told(entry, "user_id", "points", "reason") for entry in book.entries()] == [
        (user("bob"), 3820, "first assessment")
    ]


def test_an_owner_said_by_itself_supersedes_the_one_of_the_file(book: Book) -> None:
    book.send("session_csv", charged("1"))
    book.account()
    book.send("session_owner_csv", owner(order_number="1"))
    book.account()
    book.send("session_csv", charged("1", "11"))  # a correction that still says alice
    book.account()
    assert book.sums() == {(CN, user("bob"), "2026-03-09"): (4202, 4_202_343_200_000)}  # 11 000 x 382 031 200


def test_the_owner_of_a_token_has_every_session_started_with_it(book: Book) -> None:
    book.send("session_owner_csv", owner(token="T1"), owner(token="T2", account="carol"))
    tokens = {"1": "T1", "2": "T2", "3": "T1", "4": "T3"}
    book.send("session_csv", *(charged(order, account="", token=token) for order, token in tokens.items()))
    book.account()
    owners = {order: book.session(f"OP:{order}")["user_id"] for order in tokens}
    assert owners == {"1": user("bob"), "2": user("carol"), "3": user("bob"), "4": None}


def test_tokens_compare_without_case(book: Book) -> None:
    book.send("session_owner_csv", owner(token="4f2a"))
    book.send("session_csv", charged("1", account="", token="4F2A"))
    book.account()
    assert stand(book)[2] == user("bob")


def test_many_tokens_of_many_operators_belong_to_one_account(book: Book) -> None:
    book.send("session_csv", charged("1", account="", token="T1"))
    book.send("session_csv", charged("1", account="", token="T9", operator="OTHER"))
    book.send("session_owner_csv", owner(token="T1"), owner(token="T9"))
    book.account()
    assert book.sums() == {(CN, user("bob"), "2026-03-09"): (7640, 7_640_624_000_000)}


@pytest.mark.parametrize(
    ("known_since", "state"),
    [("2026-03-09T10:00:00+08:00", "awarded"), ("2026-03-09T10:00:01+08:00", "awaiting owner")],
)
def test_a_token_belongs_to_an_account_from_the_start_of_charging_on(book: Book, known_since: str, state: str) -> None:
    book.send("session_csv", charged("1", account="", token="T1"))
    book.send("session_owner_csv", owner(token="T1", known_since=known_since))
    book.account()
    assert stand(book)[0] == state


def test_a_token_that_is_handed_on_takes_later_sessions_along(book: Book) -> None:
    book.send("session_owner_csv", owner(token="T1", known_since="2026-01-01T00:00:00Z"))
    later = owner(token="T1", account="carol", known_since="2026-03-09T10:00:00+08:00")
    before = charged("1", account="", token="T1", ended_at="2026-03-09T11:00:00+08:00")
    book.send("session_csv", before, charged("2", account="", token="T1"))
    book.account()
    book.send("session_owner_csv", later)
    book.account()
    assert [book.session(name)["user_id"] for name in ("OP:1", "OP:2")] == [user("bob"), user("carol")]
    assert [entry["reason"] for entry in book.entries()[2:]] == ["changed owner"] * 2


def test_a_statement_of_the_order_stands_before_one_of_its_token(book: Book) -> None:
    book.send("session_csv", charged("1", account="", token="T1"))
    book.send("session_owner_csv", owner(order_number="1", account="carol"))
    book.send("session_owner_csv", owner(token="T1"))
    book.account()
    assert stand(book)[2] == user("carol")


def test_no_raw_token_is_kept(book: Book) -> None:
    book.send("session_csv", charged("1", account="", token="CARD-4711"))
    (row,) = book.staged("charging_session")
    assert len(row["token_id"]) == 64 and "4711" not in str(row)


@pytest.mark.parametrize("order", list(permutations(("session", "owner", "enrolment"))), ids="-".join)
def test_session_owner_and_enrolment_arrive_in_any_order(asking: Book, order: tuple[str, ...]) -> None:
    files = {
        "session": ("session_csv", charged("1", account="")),
        "owner": ("session_owner_csv", owner(order_number="1")),
        "enrolment": ("enrolment_csv", enrolled("bob")),
    }
    for name in order:
        asking.send(*files[name])
        asking.account()
    assert stand(asking) == ("awarded", None, user("bob"))
    assert asking.sums() == {(CN, user("bob"), "2026-03-09"): (3820, 3_820_312_000_000)}
    assert len(asking.entries()) == 1


END = "2026-03-09T12:00:00+08:00"


@pytest.mark.parametrize(
    ("since", "until", "state"),
    [
        (END, "", "awarded"),
        ("2026-03-09T12:00:01+08:00", "", "not awarded"),
        ("2026-01-01T00:00:00Z", "2026-03-09T12:00:01+08:00", "awarded"),
        ("2026-01-01T00:00:00Z", END, "not awarded"),
    ],
)
def test_an_enrolment_counts_at_the_end_of_charging(asking: Book, since: str, until: str, state: str) -> None:
    asking.send("enrolment_csv", enrolled("alice", since, until))
    asking.send("session_csv", charged("1"))
    asking.account()
    assert stand(asking)[:2] == (state, None if state == "awarded" else "not enrolled")
    assert asking.session("OP:1")["emission_reductions_ng"] == 3_820_312_000_000, "it is assessed all the same"


def test_an_enrolment_that_is_told_otherwise_gives_and_takes(asking: Book) -> None:
    asking.send("session_csv", charged("1"))
    asking.account()
    assert stand(asking)[:2] == ("not awarded", "not enrolled")
    asking.send("enrolment_csv", enrolled("alice"))
    asking.account()
    asking.send("enrolment_csv", enrolled("alice", until="2026-02-01T00:00:00Z"))
    asking.account()
    assert [told(entry, "kind", "reason", "points") for entry in asking.entries()] == [
        ("issuance", "first assessment", 3820),
        ("reversal", "changed enrolment", -3820),
    ]


def test_an_enrolment_of_another_account_or_programme_does_not_do(asking: Book) -> None:
    asking.send("enrolment_csv", enrolled("bob"), enrolled("alice") | {"programme": "us_california"})
    asking.send("session_csv", charged("1"))
    asking.account()
    assert stand(asking)[:2] == ("not awarded", "not enrolled")


def test_an_enrolment_withdrawn_from_a_final_award_is_held(asking: Book) -> None:
    asking.send("session_csv", charged("1"))
    asking.send("enrolment_csv", enrolled("alice"))
    asking.account(at=LATER)
    asking.send("enrolment_csv", enrolled("alice", until="2026-02-01T00:00:00Z"), at=LATER)
    assert asking.account(at=LATER)["held"] == ["OP:1"]
    assert len(asking.entries()) == 1
