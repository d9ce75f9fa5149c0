"""What `chargeledger trace` prints: the answer first, then how the charge came there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargeledger.lake import instant_text

SHOWN = 12  # of a digest
Row = dict[str, Any]


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(line, markup=False, style=style, soft_wrap=True)


def _table(console: Console, *heads: str, rows: list[list[object]]) -> None:
    """A table of text: figures stand right."""
    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        figures = all(isinstance(row[place], int) or row[place] is None for row in rows)
        table.add_column(head, justify="right" if figures else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return instant_text(value)
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def print_list(told: list[Row], console: Console) -> None:
    """Several lineages, a line each."""
    rows: list[list[object]] = [
        [
            row["session_id"],
            ", ".join(map(str, row["days"])) or "not readable",
            row["standing"]["state"],
            row["standing"]["reason"],
            row["points"],
        ]
        for row in told
    ]
    _table(console, "session", "day", "state", "reason", "points", rows=rows)
    _say(console, f"{len(told)} sessions; 'chargeledger trace SESSION' tells one of them whole.")


def print_lineage(row: Row, console: Console) -> None:
    """One lineage: the answer first, then how it came there."""
    _answer(row, console)
    _say(console, "\nReceived", "bold")
    _received(row, console)
    if row["scope"]:
        _belongs(row, console)
    if row["hours"]:
        _hours(row, console)
    _say(console, "\nLedger", "bold")
    _ledger(row, console)


def _answer(row: Row, console: Console) -> None:
    stands, synthetic = row["standing"], row["session_id"].startswith("SYNTH")
    _say(console, f"{row['session_id']}{'  (synthetic: part of the sample)' if synthetic else ''}", "bold")
    known = f"publication {stands['publication']}" if stands["publication"] else "not published yet"
    _say(console, f"{stands['state']} ({known}): {stands['means']}.")
    _say(console, f"What would change it: {stands['resolves']}.")
    if stands["newer"]:
        _say(console, f"Newer than the last run: {', '.join(stands['newer'])}. Run 'chargeledger account'.")
    if stands["has_quarantined_revision"]:
        _say(console, "Another telling of it waits in quarantine.")
    credited = [entry for entry in row["entries"] if entry["publication"]]
    waiting = sum(entry["points"] for entry in row["entries"] if not entry["publication"])
    _say(
        console,
        f"{row['points']:,} points in the ledger"
        + (f", published by seq {', '.join(str(entry['seq']) for entry in credited)}" if credited else "")
        + (f"; {waiting:+,} of them wait for 'chargeledger publish'" if waiting else "")
        + ".",
    )


def _received(row: Row, console: Console) -> None:
    rows: list[list[object]] = [
        [
            each["landed_at"],
            each["batch_seq"],
            each["file_name"],
            each["landing_digest"][:SHOWN],
            each["row_number"],
            each["outcome"] + (" by release" if each["is_release"] else ""),
            (each["rules"] or each["rule"] or "").replace(" ", ", "),
        ]
        for each in row["received"]
    ]
    _table(console, "landed", "batch", "file", "SHA-256", "row", "became", "rule", rows=rows)
    if not rows:
        _say(console, "   no row of it")
    for each in row["owner_told"]:
        of = "its token is" if each["is_of_token"] else "it is"
        _say(console, f"   {each['file_name']} row {each['row_number']}: {of} of user {each['user_id']}")
    if row["revisions"]:
        first = row["revisions"][0]
        _say(console, f"Counts: {first['file_name']} row {first['row_number']}, {row['counts_because']}.")


def _belongs(row: Row, console: Console) -> None:
    scope = row["scope"]
    _say(console, "\nBelongs to", "bold")
    _say(console, f"   station {scope['station_id'] or 'not told'}, region {scope['region'] or 'not known'}")
    _say(
        console,
        f"   programme {scope['programme'] or 'none'}, vintage {scope['vintage'] or 'none'}, "
        f"{scope['methodology'] or 'no version'}",
    )
    _say(console, f"   user {scope['user_id'] or 'not known yet: waiting for its owner'}")
    _say(
        console,
        f"   charged {instant_text(scope['started_at'])} to {instant_text(scope['ended_at'])}, {scope['reading_wh']:,} Wh",
    )


def _hours(row: Row, console: Console) -> None:
    matched: dict[datetime, list[str]] = {}
    for match in row["matches"]:
        said = f"{match['matched_wh']:,} Wh {match['supply_kind']} {match['supply_id']}"
        matched.setdefault(match["hour_start"], []).append(said)
    _say(console, "\nHours, with the factors that this rests on", "bold")
    rows: list[list[object]] = [
        [
            hour["hour_start"],
            hour["intensity_ug_per_kwh"],
            hour["factor_origin"] or "missing: it waits for this hour",
            ", ".join(matched.get(hour["hour_start"], [])),
        ]
        for hour in row["hours"]
    ]
    _table(console, "hour", "ug/kWh", "origin", "matched", rows=rows)
    if assessed := row["assessment"]:
        _say(
            console,
            f"Assessed: {assessed['energy_wh']:,} Wh; baseline {assessed['baseline_emissions_ng']:,} less project "
            f"{assessed['project_emissions_ng']:,} = {assessed['emission_reductions_ng']:,} ng of estimated CO2 avoided.",
        )
        for sentence in row["provisional"]:
            _say(console, f"Provisional: {sentence}")


def _ledger(row: Row, console: Console) -> None:
    rows: list[list[object]] = [
        [
            entry["seq"],
            f"{entry['kind']}: {entry['reason']}",
            f"{entry['points']:+,}",
            entry["vintage"],
            entry["period"],
            entry["user_id"][:SHOWN],
            entry["receipt_digest"][:SHOWN],
            entry["publication"] or "not yet",
        ]
        for entry in row["entries"]
    ]
    _table(console, "seq", "entry", "points", "vintage", "booked in", "user", "receipt", "publication", rows=rows)
    if not rows:
        _say(console, "   no entry")
    for segment in dict.fromkeys(entry["segment"] for entry in row["entries"] if entry["segment"]):
        _say(console, f"   published/{segment}")
    for run in row["history"]:
        reason = f" ({run['reason']})" if run["reason"] else ""
        _say(console, f"   {run['clock']}  {run['state']}{reason}, receipt {run['receipt'][:SHOWN]}")
