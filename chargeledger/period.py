"""Periods: the statement of a month of a programme, and its close: one commit of the ledger on top of exactly what was read.

A closed month takes no entries. Its statement stands in the receipt of its close and is printed from there for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chargeledger import rooms
from chargeledger.computation import ACCOUNT_SQL, load_closed, open_inputs
from chargeledger.contract import contract
from chargeledger.engine import Engine
from chargeledger.errors import LostRace, Refused, UsageError, some_keys
from chargeledger.lake import PERIOD_WORD, Lake, PeriodClose, instant_text
from chargeledger.programme import Programme, programmes
from chargeledger.receipt import code_digests, keep_programmes, read_receipt, text_digest, write_receipt
from chargeledger.scope import Inputs
from chargeledger.table import append_if_unchanged, arrow_schema

Report = Callable[[str], None]
Row = dict[str, Any]
PERIOD_SQL = rooms.TRANSFORMS / "period"
STATEMENT = ("period_month", "period_booked", "period_balance", "period_memo", "period_line")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
MAX_RACES = 100
LINE = "line_no BIGINT, line VARCHAR, kind VARCHAR, reason VARCHAR, entries BIGINT, points BIGINT, "
PARTS = ("emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
COLUMNS = f"programme VARCHAR, period VARCHAR, {LINE}" + ", ".join(f"{part} DECIMAL(38,0)" for part in PARTS)


@dataclass(frozen=True)
class Statement:
    """A month of a programme: its lines, and the receipt of its close where it is closed."""

    programme: str
    period: str
    lines: tuple[Row, ...]
    ledger_version: int
    receipt: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None


def checked_month(month: str) -> str:
    """A month such as 2026-03. Raises UsageError for anything else."""
    if not MONTH.fullmatch(month):
        raise UsageError(f"'{month}' is not a month: write it like 2026-03")
    return month


def month_after(month: str) -> str:
    """The next month: 2026-12 is followed by 2027-01."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def open_statements(lake: Lake, engine: Engine, ledger_version: int, asked: list[tuple[str, str]]) -> list[PeriodClose]:
    """Compute `period_line` from the ledger at a version, with months that are asked for, and return the closes up to it."""
    closes = lake.closes(until=ledger_version)
    open_inputs(
        lake, engine, Inputs({"batch": lake.table("batch").version()}, ledger_version), lake.commits(ledger_version)
    )
    engine.table("prior_vintage", ACCOUNT_SQL / "prior_vintage.sql")
    load_lines(engine, closes, asked)
    return closes


def load_lines(engine: Engine, closes: list[PeriodClose], asked: list[tuple[str, str]]) -> None:
    """Compute `period_line` where ledger and states are open."""
    load_closed(engine, closes)
    engine.load_rows("period_asked", "programme VARCHAR, period VARCHAR", asked)
    for relation in STATEMENT:
        engine.table(relation, PERIOD_SQL / f"{relation}.sql")


def load_frozen(lake: Lake, engine: Engine, closes: list[PeriodClose]) -> None:
    """Show the statements of closed months as they were frozen, as `period_frozen`."""
    names = [column.partition(" ")[0] for column in COLUMNS.split(", ")]
    rows = [
        [*(line[name] for name in names), close.receipt]
        for close in closes
        for line in read_receipt(lake, close.receipt)[1]["statement"]
    ]
    engine.load_rows("period_frozen", f"{COLUMNS}, receipt_digest VARCHAR", rows)


def show(lake: Lake, month: str | None, programme: str | None) -> list[Statement]:
    """Statements of a month or of all, of a programme or of all, oldest first. Raises UsageError where there is none."""
    with Engine(spill=lake.spill()) as engine:
        version = lake.table("ledger_entry").version()
        closes = {(c.programme, c.period): c for c in open_statements(lake, engine, version, [])}
        months = engine.rows("SELECT programme, period FROM period_month ORDER BY programme, period")
        keys = [(str(row["programme"]), str(row["period"])) for row in months]
        found = [key for key in keys if programme in (None, key[0]) and month in (None, key[1])]
        if not found and (month or programme):
            known = ", ".join(f"{name} {period}" for name, period in keys) or "none"
            raise UsageError(f"no statement of {programme or 'any programme'} {month or ''}: the ledger has {known}")
        return [
            frozen(lake, closes[key]) if key in closes else Statement(*key, tuple(_lines(engine, *key)), version)
            for key in found
        ]


def frozen(lake: Lake, close: PeriodClose) -> Statement:
    """The statement of a closed month, from the receipt of its close and from nothing else."""
    _, said = read_receipt(lake, close.receipt)
    lines = tuple(said["statement"])
    return Statement(
        close.programme, close.period, lines, said["inputs"]["ledger_version"], close.receipt, said["clock"], said["by"]
    )


def _lines(engine: Engine, programme: str, period: str) -> list[Row]:
    """The lines of a month as they are kept: decimals as text, since JSON has no exact ones."""
    rows = engine.rows("SELECT * FROM period_line ORDER BY programme, period, line_no")
    mine = [row for row in rows if (row["programme"], row["period"]) == (programme, period)]
    return [{name: str(value) if name in PARTS else value for name, value in row.items()} for row in mine]


def close(lake: Lake, programme: str, month: str, by: str, at: str | None, report: Report) -> tuple[Statement, bool]:
    """Close a month and return its statement, and whether this call closed it. A loser of a race reads again."""
    for _ in range(MAX_RACES):
        try:
            return _close_once(lake, programme, month, by, at)
        except LostRace:
            report("another writer committed first: reading again")
    raise Refused(f"gave up after {MAX_RACES} lost races: too many writers commit to this lake at once")


def _close_once(lake: Lake, programme: str, month: str, by: str, at: str | None) -> tuple[Statement, bool]:
    table = lake.table("ledger_entry")
    version, found = table.version(), programmes()
    mine = next(each for each in found if each.name == programme)
    known = next((c for c in lake.closes(version) if (c.programme, c.period) == (programme, month)), None)
    if known:
        return frozen(lake, known), False
    clock = lake.clock(at, version)
    with Engine(spill=lake.spill()) as engine:
        document = statement_document(lake, engine, version, mine, month, clock, by)
    keep_programmes(lake, found)
    receipt = write_receipt(
        lake, {**document, "code": code_digests(Engine.engine) | {"period": text_digest(PERIOD_SQL)}}
    )
    said = {"receipt": receipt, "clock": instant_text(clock), "programme": programme, "period": month}
    nothing = arrow_schema(contract("ledger_entry")).empty_table()
    try:
        new = append_if_unchanged(table, nothing, {PERIOD_WORD: json.dumps(said, sort_keys=True)})
    except LostRace:
        if receipt not in {each.receipt for each in lake.closes()}:
            lake.receipt_file(receipt).unlink(missing_ok=True)
        raise
    return frozen(lake, PeriodClose(new, receipt, clock, programme, month)), True


def statement_document(
    lake: Lake, engine: Engine, version: int, programme: Programme, month: str, clock: datetime, by: str
) -> Row:
    """The receipt of a close, without the digests of code: what it read, the statement, and its digest."""
    closes = open_statements(lake, engine, version, [])
    mine = [each for each in closes if each.programme == programme.name]
    _check_order(programme, month, _first_month(engine, programme.name), mine, clock)
    load_lines(engine, closes, [(programme.name, month)])
    load_frozen(lake, engine, closes)
    engine.table("period_statement", rooms.TRANSFORMS / "publish" / "period_statement.sql")
    check_statements(engine, ("publish/period_statement_closes",))
    engine.con.execute(f"DELETE FROM period_statement WHERE programme <> '{programme.name}' OR period <> '{month}'")
    engine.hold_to(contract("period_statement"), "period_statement")
    return {
        "kind": "period",
        "programme": programme.name,
        "period": month,
        "by": by,
        "clock": instant_text(clock),
        "inputs": {"ledger_version": version, "last_seq": engine.scalar("SELECT sum(entries) FROM entry_tally_log")},
        "previous": mine[-1].receipt if mine else None,
        "programmes": {programme.name: programme.digest},
        "statement": _lines(engine, programme.name, month),
        "outputs": {"period_statement": engine.digest("period_statement", contract("period_statement"))},
    }


def check_statements(engine: Engine, invariants: tuple[str, ...]) -> None:
    """Refuse statements that break a property of transforms/invariant, named by folder and file."""
    for name in invariants:
        engine.table("breach", rooms.TRANSFORMS / "invariant" / f"{name}.sql")
        broken = engine.rows("SELECT programme, period FROM breach ORDER BY ALL")
        if broken:
            said = some_keys([f"{row['programme']} {row['period']}" for row in broken])
            raise Refused(f"statements do not hold: {name}: {said} (transforms/invariant/{name}.sql)")


def _first_month(engine: Engine, programme: str) -> str | None:
    """The first month in which a programme has a vintage or an entry."""
    rows = engine.rows(f"SELECT min(period) AS period FROM period_month WHERE programme = '{programme}'")
    return str(rows[0]["period"]) if rows[0]["period"] else None


def _check_order(
    programme: Programme, month: str, first: str | None, closes: list[PeriodClose], clock: datetime
) -> None:
    """Months close in order, and never the current one."""
    today = clock.astimezone(ZoneInfo(programme.zone)).date()
    if month >= date.isoformat(today)[:7]:
        raise Refused(
            f"{month} of {programme.name} is not over: it is {today} there by the clock of the ledger. Nothing was closed"
        )
    due = month_after(closes[-1].period) if closes else first
    if due is None:
        raise Refused(f"{programme.name} has neither a vintage nor an entry: there is nothing to close")
    if month != due:
        after = f", since {closes[-1].period} was the last one closed" if closes else ""
        raise Refused(f"months close in order: {due} of {programme.name} is the next{after}. Nothing was closed")
