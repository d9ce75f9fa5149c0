"""A closed month is closed: its statement prints the same bytes whatever comes, and a close and an accounting that race agree."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from chargeledger import asking, engine, flow, period
from chargeledger.cli_period import print_statement
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from tests.command_line_lake import chargeledger
from tests.ledger import altered
from tests.ledger.book import CN, Book, Row, charge
from tests.ledger.told import charged

MARCH, APRIL = "2026-03", "2026-04"
IN_APRIL, IN_MAY, IN_JUNE = "2026-04-02T00:00:00Z", "2026-05-02T00:00:00Z", "2026-06-02T00:00:00Z"
PARTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
KILLED = """
import os, signal, sys
from chargeledger import asking, flow, period
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(period, sys.argv[2], die)
flow.period_close("2026-03", "Kim", "cn_green_energy", sys.argv[1], "2026-04-02T00:00:00Z")
"""


def printed(book: Book, month: str) -> str:
    text = io.StringIO()
    for statement in asking.period_show(book.lake, month):
        print_statement(statement, Console(file=text, width=200, highlight=False))
    return text.getvalue()


def close(book: Book, month: str, at: str, report: Callable[[str], None] | None = None) -> None:
    flow.period_close(month, "Kim", CN, book.lake, at, report)


def booked(book: Book) -> list[tuple[str, str, int]]:
    return [(entry["session_id"], entry["period"], entry["points"]) for entry in book.entries()]


def folded(book: Book, month: str) -> tuple[Counter[tuple[str, str, str]], dict[str, int]]:
    """Of a month: the sums by kind, reason and figure, and the closing balance; folded in plain Python from the entries."""
    sums: Counter[tuple[str, str, str]] = Counter()
    balance = dict.fromkeys(PARTS, 0)
    for entry in book.entries():
        for part in PARTS:
            if entry["period"] == month:
                sums[entry["kind"], entry["reason"], part] += int(entry[part])
            if entry["period"] <= month:
                balance[part] += int(entry[part])
    return sums, balance


def test_nothing_that_comes_later_changes_what_a_closed_month_prints(china: Book) -> None:
    china.sessions(charge("2", "10", ""))
    china.account()
    close(china, MARCH, IN_APRIL)
    page = printed(china, MARCH)
    assert page.startswith(f"{CN}, {MARCH}\nclosed at {IN_APRIL} by Kim; receipt ")

    def acts() -> list[Callable[[], Any]]:
        late, own = charge("3", "10"), charge("2", "10", "bob")
        return [
            lambda: china.sessions(late, own, charge("1", "14"), at=IN_APRIL),
            lambda: china.account(at=IN_APRIL),
            lambda: china.publish(at=IN_APRIL),
            lambda: close(china, APRIL, IN_MAY),
            lambda: china.send("session_csv", charged("1", is_credit="true"), at=IN_MAY),
            lambda: china.account(at=IN_MAY),
            lambda: close(china, "2026-05", IN_JUNE),
            lambda: china.publish(at=IN_JUNE),
        ]

    for act in acts():
        act()
        assert printed(china, MARCH) == page
    assert "OPEN" not in printed(china, APRIL) and printed(china, MARCH) == page
    frozen = [row for row in china.published("period_statement") if row["period"] == MARCH]
    assert {row["state"] for row in frozen} == {"closed"} and frozen[-1]["reason"] == "no owner"


def test_a_close_that_an_accounting_overtakes_closes_with_what_it_posted(
    china: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, others, said = period.append_if_unchanged, [lambda: china.account(at=IN_APRIL)], list[str]()

    def race(*given: Any) -> int:
        if others:
            others.pop()()
        return real(*given)

    china.sessions(charge("2", "10"), at=IN_APRIL)
    monkeypatch.setattr(period, "append_if_unchanged", race)
    close(china, MARCH, IN_APRIL, said.append)
    assert said == ["another writer committed first: reading again"]
    assert booked(china) == [("OP:1", MARCH, 3820), ("OP:2", MARCH, 3820)]
    (statement,) = asking.period_show(china.lake, MARCH)
    assert statement.lines[-1]["points"] == 7640
    receipts = {path.stem for path in (china.root / "receipts").glob("*.json")}
    assert receipts == {commit["receipt"] for commit in china.commits()} | {statement.receipt}, "the loser left nothing"


def test_an_accounting_that_a_close_overtakes_books_in_the_next_month(
    china: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, others = engine.append_if_unchanged, [lambda: close(china, MARCH, IN_APRIL)]

    def race(*given: Any) -> int:
        if others:
            others.pop()()
        return real(*given)

    china.sessions(charge("2", "10"), at=IN_APRIL)
    monkeypatch.setattr(engine, "append_if_unchanged", race)
    assert china.account(at=IN_APRIL)["posted_entries"] == 1
    assert booked(china) == [("OP:1", MARCH, 3820), ("OP:2", APRIL, 3820)]
    assert "3,820" in printed(china, MARCH) and "7,640" not in printed(china, MARCH)


def test_of_two_that_close_one_month_one_does(china: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    real, others = period.append_if_unchanged, [lambda: flow.period_close(MARCH, "Lee", CN, china.lake, IN_APRIL)]

    def race(*given: Any) -> int:
        if others:
            others.pop()()
        return real(*given)

    monkeypatch.setattr(period, "append_if_unchanged", race)
    statement, is_new = flow.period_close(MARCH, "Kim", CN, china.lake, IN_APRIL)
    assert (statement.closed_by, is_new, len(Lake(china.lake).closes())) == ("Lee", False, 1)


@pytest.mark.parametrize("function", ["write_receipt", "append_if_unchanged"])
def test_a_close_that_is_killed_closes_nothing_and_works_again(china: Book, function: str) -> None:
    call = [sys.executable, "-c", KILLED, china.lake, function]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert printed(china, MARCH).splitlines()[1].startswith("OPEN: a running statement")
    close(china, MARCH, IN_APRIL)
    assert len(Lake(china.lake).closes()) == 1


def test_whatever_happens_in_whatever_order_the_books_close(tmp_path: Path) -> None:
    """Sessions of four months, corrected and late, accounted between closes: each statement is the fold, closed ones stay."""
    chance, book = random.Random(7), Book(tmp_path / "book")
    first_open, frozen, seen = "", dict[str, str](), 0
    for month in range(3, 7):
        at = f"2026-{month:02d}-20T00:00:00Z"
        for _ in range(2):
            rows = [_any_charge(chance, month) for _ in range(6)]
            book.sessions(*{row.split(",")[1]: row for row in rows}.values(), at=at)
            book.account(at=at)
            for entry in book.entries()[seen:]:
                assert entry["period"] == max(str(entry["vintage"])[:7], first_open)
            seen = len(book.entries())
        if month > 3:
            first_open = f"2026-{month:02d}"
            close(book, f"2026-{month - 1:02d}", at)
            frozen[f"2026-{month - 1:02d}"] = printed(book, f"2026-{month - 1:02d}")
        for statement in asking.period_show(book.lake):
            _is_the_fold(book, statement)
        assert {each: printed(book, each) for each in frozen} == frozen
    assert len({(str(entry["vintage"])[:7], entry["period"]) for entry in book.entries()}) > 4, (
        "some moved to a later month"
    )


def _any_charge(chance: random.Random, month: int) -> str:
    day = date(2026, chance.randint(3, month), chance.randint(1, 19))
    kwh = chance.choice(("10", "12.345", "0.4", "7.7777"))
    return charge(str(chance.randint(1, 30)), kwh, chance.choice(("alice", "bob")), f"{day}T12:00:00+08:00")


def _is_the_fold(book: Book, statement: period.Statement) -> None:
    sums, balance = folded(book, statement.period)
    told = {
        (line["kind"], line["reason"], part): int(line[part])
        for line in statement.lines
        for part in PARTS
        if line["line"] == "booked"
    }
    assert told == dict(sums)
    (closing,) = [line for line in statement.lines if line["line"] == "closing"]
    assert {part: int(closing[part]) for part in PARTS} == balance


# The property that must be named; the line of publish/period_statement.sql, and a wrong one.
BREAKS = [
    ("line_closes", "l.points, l", "l.points + 1 AS points, l"),
    ("period_statement_closes", "l.entries, l", "l.entries + 1 AS entries, l"),
    (
        "period_statement_closes",
        "FROM period_line AS l",
        "FROM (SELECT * FROM period_line WHERE line <> 'opening') AS l",
    ),
    ("period_statement_is_the_fold", "WHERE c.programme IS NULL", "WHERE c.programme IS NULL AND l.period > '2026-04'"),
    (
        "period_statement_closes",
        "FROM period_frozen AS f",
        "FROM (SELECT * FROM period_frozen WHERE line <> 'booked') AS f",
    ),
]


@pytest.mark.parametrize(("invariant", "line", "wrong"), BREAKS)
def test_a_statement_that_does_not_hold_is_not_published(
    china: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invariant: str, line: str, wrong: str
) -> None:
    close(china, MARCH, IN_APRIL)
    china.sessions(charge("2", "10"), at=IN_APRIL)
    china.account(at=IN_APRIL)
    altered.publish_sql(monkeypatch, tmp_path, "period_statement", line, wrong)
    with pytest.raises(Refused, match=invariant):
        china.publish()


def test_an_entry_in_a_closed_month_is_refused(china: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(china, MARCH, IN_APRIL)
    china.sessions(charge("2", "10"), at=IN_APRIL)
    altered.account_sql(monkeypatch, tmp_path, "ledger_entry", "coalesce(o.first_open, '')", "''")
    with pytest.raises(Refused, match="no_entry_in_a_closed_period"):
        china.account(at=IN_APRIL)
    assert len(china.entries()) == 1


def test_what_an_open_month_prints_says_so(china: Book) -> None:
    page = printed(china, MARCH).splitlines()
    assert page[:2] == [f"{CN}, {MARCH}", "OPEN: a running statement, as of ledger version 1; it may still change"]
    cells: Row = {line.split("  ")[0].strip(): line.split() for line in page[4:7]}
    assert cells["closing"] == ["closing", "1", "3,820", "3,820,312,000,000", "0", "0", "312,000,000", "0"]


def test_the_commands(china: Book) -> None:
    what = ["--programme", CN, "--by", "Kim", "--lake", china.lake]
    early = chargeledger("period", "close", MARCH, *what, "--at", "2026-03-20T00:00:00Z")
    assert early.code == 1 and "2026-03 of cn_green_energy is not over" in early.err
    once, again = (chargeledger("period", "close", MARCH, *what, "--at", IN_APRIL) for _ in range(2))
    assert (once.code, again.code, once.out, once.err) == (0, 0, again.out, "")
    assert "was closed before; nothing was closed now" in again.err
    shown = chargeledger("period", "show", MARCH, "--lake", china.lake)
    assert shown.out == once.out == printed(china, MARCH)
