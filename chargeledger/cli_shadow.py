"""`chargeledger shadow`: who would win and who would lose under another methodology, before anybody decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from chargeledger import asking, rooms
from chargeledger.cli_options import LakeOption

out = Console(soft_wrap=True, highlight=False)
HEADS = {
    "decile": "user decile by points against, fewest first",
    "region": "region",
    "local_hour": "local hour of the end",
    "operator": "operator",
}
NG_PER_KG = 10**12
COLUMNS = ("sessions", "users", "points", "against_points", "points_change", "users_up", "users_down")


def shadow(
    methodology: Annotated[str, typer.Option("--methodology", help="ID@VERSION that is asked about; may be a draft.")],
    programme: Annotated[str, typer.Option("--programme", help="The programme whose sessions and rules apply.")],
    vintages: Annotated[str, typer.Option("--vintages", help="2026-03-09 or 2026-03-01..2026-03-31.")],
    against: Annotated[
        str | None, typer.Option("--against", help="ID@VERSION it is held against. [default: in force in each vintage]")
    ] = None,
    as_of: Annotated[
        int | None, typer.Option("--as-of", help="What was known at this commit of the ledger. [default: now]")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Copy the receipt to methodology/shadows, for the programme to name it.")
    ] = False,
    lake: LakeOption = None,
    at: Annotated[
        str | None, typer.Option("--at", help="The clock of this run, like 2026-03-13T16:00:00Z. [default: now]")
    ] = None,
) -> None:
    """Account vintages under one methodology and under another, post nothing, and tell winners and losers.

    Users with more, fewer and equal points, and points by decile of users, region, local hour and operator. The receipt is
    written below shadows/ of the lake; a programme that adopts the version names it.

    Example: `chargeledger shadow --programme cn_green_energy --vintages 2026-03-09 --methodology cn_ev_charging@1.2.0`
    """
    told = asking.shadow(lake, vintages, methodology, programme, against, as_of, at, keep)
    print_shadow(told, vintages, out)


def print_shadow(told: dict[str, Any], vintages: str, console: Console) -> None:
    """Print the totals, the tables of the divisions, where the receipt lies, and the line that adopts the version."""

    def say(line: str) -> None:
        console.print(line, markup=False)

    say(f"{told['methodology']} against {', '.join(told['against'])}: {told['programme']}, vintages {vintages}")
    say("Estimates, computed and not posted." + (" Baseline provisional." if told["is_provisional"] else ""))
    console.print(_totals(told))
    for division, rows in told["tables"].items():
        say(f"\nBy {HEADS[division]}")
        console.print(_table(division, rows))
    say(f"\nShadow: {told['path']}")
    line = f"- {{in_force_from: <day>, version: {told['methodology']}, shadow: {told['digest']}}}"
    if told["kept"]:
        say(f"Kept: {rooms.said(told['kept'])}")
        say(f"To adopt the version, add this line to methodology/programmes/{told['programme']}.yaml:\n  {line}")
    elif told["is_draft"]:
        say("A draft is not adopted: publish it, and run the shadow again with --keep.")
    else:
        say(
            f"To adopt the version, run this again with --keep, and add to methodology/programmes/{told['programme']}.yaml:"
        )
        say(f"  {line}")


def _totals(told: dict[str, Any]) -> Table:
    totals, against = told["totals"], list(told["against"])
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in ("", told["methodology"], against[0] if len(against) == 1 else "in force", "change"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    points = [totals[name] for name in ("points", "against_points", "points_change")]
    table.add_row("points", f"{points[0]:,}", f"{points[1]:,}", f"{points[2]:+,}")
    names = ("emission_reductions_ng", "against_emission_reductions_ng", "emission_reductions_change_ng")
    kg = [Decimal(totals[name]) / NG_PER_KG for name in names]
    table.add_row("estimated CO2 avoided", f"{kg[0]:,.3f} kg", f"{kg[1]:,.3f} kg", f"{kg[2]:+,.3f} kg")
    counts = [totals["sessions"] - totals[f"sessions_{name}"] for name in ("missing", "missing_against")]
    table.add_row("sessions awarded", f"{counts[0]:,}", f"{counts[1]:,}", f"{counts[0] - counts[1]:+,}")
    up, down, equal = (totals[f"users_{name}"] for name in ("up", "down", "equal"))
    table.caption = f"Users: {up:,} get more points, {down:,} fewer, {equal:,} the same."
    table.caption_justify = "left"
    return table


def _table(division: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(division.replace("_", " "), no_wrap=True)
    for name in ("sessions", "users", "points", "against", "change", "up", "down"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = (f"{row[name]:+,}" if name == "points_change" else f"{row[name]:,}" for name in COLUMNS)
        table.add_row(str(row["name"]), *cells)
    return table
