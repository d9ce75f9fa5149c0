"""What `chargeledger completeness` prints: a matrix of operators and days, worst first, the list of what is missing,
and deliveries that came short."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargeledger.completeness import DAYS, Completeness, Row
from chargeledger.lake import instant_text

ALL = "all regions"
EPOCH = "1970-01-01T00:00:00Z"  # before the first record
LEGEND = (
    "98/100 received of expected; = all expected came; ~ expected by the same weekday of earlier weeks; "
    "? nothing to compare with; q2 two of them refused, in quarantine"
)
Place = tuple[str, str]
STYLE: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False}


def print_completeness(told: Completeness, console: Console) -> None:
    """Print matrix, list and what neither can show."""
    if told.rows:
        _print_matrix(told, console)
        _say(console, f"\n{LEGEND}")
    if told.short:
        _print_missing(told.short, console)
    if told.short_deliveries:
        _print_short_deliveries(told.short_deliveries, console)
    _print_rest(told, console)


def cell(row: Row, has_total: bool) -> str:
    """A day of an operator in a region: received of expected, and what of it was refused."""
    received, expected = row["received_sessions"], row["expected_sessions"]
    refused = f"q{row['quarantined_sessions']:,}" if row["quarantined_sessions"] else ""
    if row["basis"] == "none":
        return f"{received:,}{'' if has_total else '?'}{refused}"
    if row["basis"] == "control total" and received == expected:
        return f"= {received:,}{refused}"
    return f"{'~' if row['basis'] == 'same weekday' else ''}{received:,}/{expected:,}{refused}"


def _places(rows: Sequence[Row]) -> list[Place]:
    """Operators and regions, those with most missing first."""
    short: dict[Place, int] = {}
    for row in rows:
        place = (row["issuer"], row["region"] or ALL)
        short[place] = short.get(place, 0) + (row["missing_sessions"] if row["is_short"] else 0)
    return sorted(short, key=lambda place: (-short[place], place))


def _print_matrix(told: Completeness, console: Console) -> None:
    whole = {(row["issuer"], row["vintage"]) for row in told.rows if row["region"] is None}
    cells: dict[tuple[Place, date], Text] = {}
    for row in told.rows:
        text = cell(row, (row["issuer"], row["vintage"]) in whole)
        cells[(row["issuer"], row["region"] or ALL), row["vintage"]] = Text(text, "bold red" if row["is_short"] else "")
    places, days = _places(told.rows), sorted({row["vintage"] for row in told.rows})
    # A blank stands between columns; a day has five letters.
    named = sum(
        max(len(name), *(len(place[at]) for place in places)) + 1 for at, name in enumerate(("operator", "region"))
    )
    wide = max([5, *(len(text) for text in cells.values())]) + 1
    fitting = max(1, (console.width - named) // wide)
    for first in range(0, len(days), fitting):
        shown = days[first : first + fitting]
        span = f"{shown[0]} to {shown[-1]}" if len(shown) > 1 else f"{shown[0]}"
        _say(console, f"\nSessions received, {span}\n")
        table = Table(padding=0, **STYLE)
        table.add_column("operator", overflow="fold")
        table.add_column("region", overflow="fold")
        for day in shown:
            table.add_column(f"{day:%m-%d}", justify="right", no_wrap=True)
        for place in places:
            table.add_row(*map(Text, place), *(cells.get((place, day), Text("")) for day in shown))
        console.print(table)


def _print_missing(rows: Sequence[Row], console: Console) -> None:
    _say(console, "\nMissing, worst first\n")
    table = Table(padding=(0, 1, 0, 0), **STYLE)
    for name in ("operator", "region"):
        table.add_column(name, overflow="fold")
    table.add_column("day", no_wrap=True)
    for name in ("expected", "received", "missing"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("by", no_wrap=True)
    for row in rows:
        counts = (f"{row[f'{name}_sessions']:,}" for name in ("expected", "received", "missing"))
        table.add_row(
            Text(row["issuer"]), Text(row["region"] or ALL), f"{row['vintage']}", *counts, row["basis"].split()[-1]
        )
    console.print(table)


def _print_short_deliveries(rows: Sequence[Row], console: Console) -> None:
    _say(console, "\nDeliveries that came short, of whatever day: pull the span once more\n")
    for row in rows:
        since = instant_text(row["updated_from"]) if row["updated_from"] else EPOCH
        counts = f"{row['missing_records']:,} of {row['announced_records']:,} records missing"
        line = f"{counts}  {row['delivery']}  --from {since} --to {instant_text(row['updated_until'])}"
        _say(console, line, soft_wrap=True)


def _print_rest(told: Completeness, console: Console) -> None:
    """One line each: the answer, and what nobody can place on a day."""
    _say(console, "")
    late = sum(row["late_sessions"] for row in told.rows if row["region"] is not None)
    open_days = sum(1 for row in told.rows if row["basis"] == "none" and row["region"] is not None)
    if not told.rows and not told.short_deliveries:
        newest = told.newest_vintage
        hint = f" The newest session of the lake is of {newest}: name days, such as {_week(newest)}." if newest else ""
        _say(console, f"Nothing came and nothing was expected.{hint}")
    elif not told.missing:
        _say(
            console, f"Nothing is missing of what is expected; {open_days:,} of {len(told.rows):,} have no expectation."
        )
    if late:
        _say(
            console, f"{late:,} sessions landed late by late_after_s of data_contracts/reference/completeness_rule.csv."
        )
    if told.unplaced_rows:
        _say(
            console,
            f"{told.unplaced_rows:,} rows in quarantine name no operator or no day: they count as not received.",
        )
    if told.refused_files:
        _say(console, f"{told.refused_files:,} files were refused whole: their rows count as not received.")


def _week(newest: date) -> str:
    return f"{newest - timedelta(days=DAYS - 1)}..{newest}"


def _say(console: Console, line: str, soft_wrap: bool = False) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=soft_wrap)
