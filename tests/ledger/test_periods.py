"""Months: where an entry is booked, what a statement says, and that a closed one never changes.

Paper: 10 kWh AC in China in 2026 are 10 000 x 382 031 200 = 3 820 312 000 000 ng: 3 820 points, and 312 000 000 ng of rounding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking, flow
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger import altered
from tests.ledger.book import CN, HOUR, US, Book, charge, charge_us, mix, told
from tests.ledger.told import charged, enrolled, owner

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"
IN_APRIL, IN_MAY, IN_JUNE = "2026-04-02T00:00:00Z", "2026-05-02T00:00:00Z", "2026-06-02T00:00:00Z"
TEN = (3820, 3_820_312_000_000, 0, 0, 312_000_000, 0)  # points, reductions, not awarded, clamped, rounding, capped
NOTHING = (0,) * 6
Line = tuple[Any, ...]


def lines(book: Book, month: str, programme: str = CN) -> list[Line]:
    """The statement of a month: line, kind, reason, entries, then the six figures."""
    (statement,) = asking.period_show(book.lake, month, programme)
    figures = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
    return [
        (line["line"], line["kind"], line["reason"], line["entries"], *(int(line[name]) for name in figures))
        for line in statement.lines
    ]


def close(book: Book, month: str, at: str, programme: str = CN) -> str | None:
    return flow.period_close(month, "Kim", programme, book.lake, at)[0].receipt


def times(count: int, figures: tuple[int, ...] = TEN) -> tuple[int, ...]:
    return tuple(count * each for each in figures)


def periods(book: Book) -> list[tuple[str, str]]:
    return [(str(entry["vintage"]), entry["period"]) for entry in book.entries()]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


def test_an_entry_is_booked_in_the_local_month_of_its_vintage(book: Book) -> None:
    midnight = "2026-04-01T00:00:00+08:00"  # still March in UTC
    book.sessions(charge("1", "10", ended="2026-03-31T23:59:59+08:00"), charge("2", "10", ended=midnight))
    book.account()
    assert periods(book) == [("2026-03-31", MARCH), ("2026-04-01", APRIL)]


def test_a_statement_on_paper(book: Book) -> None:
    """0.4 kWh are too little for the programme: 400 x 382 031 200 = 152 812 480 000 ng are not awarded."""
    book.sessions(charge("1", "10"), charge("2", "10", "bob"), charge("3", "0.4"))
    book.account()
    book.sessions(charge("1", "12"))
    book.account()
    first = (7640, 7_793_436_480_000, 152_812_480_000, 0, 624_000_000, 0)
    more = (764, 764_062_400_000, 0, 0, 62_400_000, 0)
    assert lines(book, MARCH) == [
        ("opening", "", "", 0, *NOTHING),
        ("booked", "adjustment", "corrected session", 1, *more),
        ("booked", "issuance", "first assessment", 3, *first),
        ("closing", "", "", 4, *(a + b for a, b in zip(first, more, strict=True))),
    ]
    for line in lines(book, MARCH):
        points, reductions, *parts = line[4:]
        assert reductions == points * 10**9 + sum(parts)


def test_what_comes_after_the_close_is_booked_in_the_earliest_open_month(book: Book) -> None:
    book.sessions(charge("1", "10"), charge("2", "10"))
    book.account()
    close(book, MARCH, IN_APRIL)
    book.sessions(charge("1", "12"), charge("3", "10"), at=IN_APRIL)  # a correction and a late session of March
    book.send("session_csv", charged("2", is_credit="true"), at=IN_APRIL)
    book.sessions(charge("4", "10", ended="2026-05-01T12:00:00+08:00"), at=IN_APRIL)  # May is open and its own
    book.account(at=IN_APRIL)
    assert [told(e, "session_id", "kind", "period", "points") for e in book.entries()[2:]] == [
        ("OP:1", "adjustment", APRIL, 764),
        ("OP:2", "reversal", APRIL, -3820),
        ("OP:3", "issuance", APRIL, 3820),
        ("OP:4", "issuance", MAY, 3820),
    ]
    assert lines(book, MARCH)[-1] == ("closing", "", "", 2, *times(2))
    assert lines(book, APRIL)[0] == ("opening", "", "", 2, *times(2))
    assert lines(book, APRIL)[-1][3:5] == (5, 8404) and 8404 == 2 * 3820 + 764
    assert lines(book, MAY)[-1][3:5] == (6, 12_224)


def test_months_before_the_first_close_are_closed_with_it(book: Book) -> None:
    book.sessions(charge("1", "10"))
    book.account()
    close(book, MARCH, IN_APRIL)
    book.sessions(charge("2", "10", ended="2026-01-31T12:00:00+08:00"), at=IN_APRIL)
    book.account(at=IN_APRIL)
    assert periods(book)[-1] == ("2026-01-31", APRIL)


@pytest.mark.parametrize(
    ("programme", "too_early", "over"),
    [(CN, "2026-03-31T15:59:59Z", "2026-03-31T16:00:00Z"), (US, "2026-04-01T06:59:59Z", "2026-04-01T07:00:00Z")],
)
def test_a_month_closes_when_it_is_over_in_the_zone_of_its_programme(
    book: Book, programme: str, too_early: str, over: str
) -> None:
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge("1", "10"), charge_us("2", "10"))
    book.account()
    with pytest.raises(Refused, match=f"2026-03 of {programme} is not over: it is 2026-03-31 there"):
        close(book, MARCH, too_early, programme)
    assert close(book, MARCH, over, programme)
    other = US if programme == CN else CN
    assert [(s.programme, bool(s.receipt)) for s in asking.period_show(book.lake, MARCH)] == [
        (CN, programme == CN),
        (US, programme == US),
    ]
    book.sessions(charge("3", "10"), charge_us("4", "10"), at=over)
    book.account(at=over)
    booked = {entry["programme"]: entry["period"] for entry in book.entries()[2:]}
    assert booked == {programme: APRIL, other: MARCH}


def test_months_close_in_order_and_once(book: Book) -> None:
    book.sessions(charge("1", "10"), charge("2", "10", ended="2026-05-09T12:00:00+08:00"))
    with pytest.raises(Refused, match="neither a vintage nor an entry"):
        close(book, MARCH, IN_JUNE)
    book.account(at=IN_JUNE)
    for month in ("2026-02", APRIL):
        with pytest.raises(Refused, match=f"months close in order: {MARCH} of {CN} is the next. Nothing was closed"):
            close(book, month, IN_JUNE)
    receipt = close(book, MARCH, IN_JUNE)
    with pytest.raises(Refused, match="2026-04 of cn_green_energy is the next, since 2026-03 was the last"):
        close(book, MAY, IN_JUNE)
    statement, is_new = flow.period_close(MARCH, "Lee", CN, book.lake, IN_JUNE)
    assert (statement.receipt, statement.closed_by, is_new) == (receipt, "Kim", False)
    assert len(book.commits()) == 1 and Lake(book.lake).table("ledger_entry").version() == 2
    close(book, APRIL, IN_JUNE)  # nothing was booked in it
    assert lines(book, APRIL) == [("opening", "", "", 1, *TEN), ("closing", "", "", 1, *TEN)]
    close(book, MAY, IN_JUNE)
    assert lines(book, MAY)[-1] == ("closing", "", "", 2, *times(2))


def test_the_memo_tells_what_nobody_owns_and_is_frozen(book: Book) -> None:
    book.send("session_csv", charged("1"), charged("2", account=""), charged("3", account=""))
    book.account()
    memo = ("memo", "vintages of this month", "no owner")
    waits = (0, 3_820_312_000_000, 3_820_312_000_000, 0, 0, 0)
    assert lines(book, MARCH)[-1] == (*memo, 2, *times(2, waits))
    close(book, MARCH, IN_APRIL)
    book.send("session_owner_csv", owner(order_number="2"), at=IN_APRIL)
    book.sessions(charge("4", "10", "", ended="2026-04-01T12:00:00+08:00"), at=IN_APRIL)
    book.account(at=IN_APRIL)
    assert lines(book, MARCH)[-1] == (*memo, 2, *times(2, waits))
    assert lines(book, APRIL)[1:] == [
        ("booked", "issuance", "first assessment", 1, *TEN),
        ("closing", "", "", 2, *times(2)),
        ("memo", "vintages of earlier months", "no owner", 1, *waits),
        (*memo, 1, *waits),
    ]


def test_the_memo_tells_who_is_not_enrolled(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered.programme_line(monkeypatch, tmp_path, CN, "enrolment: none", "enrolment: required")
    book.send("enrolment_csv", enrolled("alice"))
    book.send("session_csv", charged("1"), charged("2", account="bob"), charged("3", "0.4"))
    book.account()
    assert [line[:4] for line in lines(book, MARCH) if line[0] == "memo"] == [
        ("memo", "vintages of this month", "not enrolled", 1)
    ], "what a rule does not award is booked, and is no memo"


def test_receipts_before_and_after_a_close_give_the_same_again(book: Book) -> None:
    book.sessions(charge("1", "10"))
    receipts = [book.account()["receipt"], close(book, MARCH, IN_APRIL)]
    book.sessions(charge("2", "10"), at=IN_APRIL)
    receipts += [book.account(at=IN_APRIL)["receipt"], close(book, APRIL, IN_MAY)]
    for receipt in receipts:
        told_again = asking.rerun(str(receipt), book.lake)
        assert (told_again["same"], told_again["notes"]) == (True, []), told_again
    assert [commit.clock.isoformat() for commit in Lake(book.lake).closes()] == [
        "2026-04-02T00:00:00+00:00",
        "2026-05-02T00:00:00+00:00",
    ]
    assert book.account(at=IN_APRIL)["posted_entries"] == 0, "a close touches no session"
    assert "2 ledger entries close, and 2 closed months are as they were frozen" in "\n".join(verify(Lake(book.lake)))


def test_a_changed_receipt_of_a_close_is_refused(book: Book) -> None:
    book.sessions(charge("1", "10"))
    book.account()
    receipt = close(book, MARCH, IN_APRIL)
    path = book.root / "receipts" / f"{receipt}.json"
    path.write_bytes(path.read_bytes().replace(b'"points":3820', b'"points":3821'))
    for act in (lambda: list(verify(Lake(book.lake))), lambda: asking.period_show(book.lake), book.publish):
        with pytest.raises(Refused, match="was changed"):
            act()


def test_the_published_statement(book: Book) -> None:
    book.sessions(charge("1", "10"))
    book.account()
    book.publish()
    assert {row["state"] for row in book.published("period_statement")} == {"open"}
    receipt = close(book, MARCH, IN_APRIL)
    assert book.publish()["is_new"], "a close is news, though it has no entry"
    rows = book.published("period_statement")
    assert [(row["line_no"], row["line"], row["points"], row["state"], row["receipt_digest"]) for row in rows] == [
        (1, "opening", 0, "closed", receipt),
        (2, "booked", 3820, "closed", receipt),
        (3, "closing", 3820, "closed", receipt),
    ]


@pytest.mark.parametrize(
    ("month", "by", "said"),
    [
        ("March", "Kim", "'March' is not a month: write it like 2026-03"),
        ("2026-13", "Kim", "not a month"),
        (MARCH, " ", "--by needs a name"),
    ],
)
def test_a_wrong_call_says_what_is_right(book: Book, month: str, by: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        flow.period_close(month, by, CN, book.lake)


def test_a_month_without_a_statement_says_which_there_are(book: Book) -> None:
    book.sessions(charge("1", "10"))
    book.account()
    assert [statement.period for statement in asking.period_show(book.lake)] == [MARCH]
    with pytest.raises(UsageError, match=f"no statement of any programme {JUNE}: the ledger has {CN} {MARCH}"):
        asking.period_show(book.lake, JUNE)
