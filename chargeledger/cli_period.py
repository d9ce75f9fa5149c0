"""`chargeledger period`: what a programme booked in a month, and the close after which it never changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chargeledger import asking, flow
from chargeledger.cli_options import LakeOption
from chargeledger.period import PARTS, Statement

app = typer.Typer(
    no_args_is_help=True,
    help="""Months of a programme: what was booked in them, and the close after which a month takes no entries.

    An entry is booked in the month of its vintage while that is open, else in the earliest open one.""",
)
out = Console(highlight=False, width=200)  # a table is as wide as it needs: nothing is cut
progress = Console(stderr=True, soft_wrap=True, highlight=False)
NAMES = ("est. CO2 avoided, ng", "not awarded", "clamped", "rounding", "capped")


@app.command()
def show(
    month: Annotated[str | None, typer.Argument(help="A month such as 2026-03; without it, all.")] = None,
    programme: Annotated[str | None, typer.Option("--programme", help="Only this programme. [default: all]")] = None,
    lake: LakeOption = None,
) -> None:
    """The statement of a month: opening balance, what was booked by kind and reason, closing balance, memo.

    Of a closed month it is the frozen one, the same for ever; of an open one it runs, and says so.
    """
    for statement in asking.period_show(lake, month, programme):
        print_statement(statement, out)


@app.command()
def close(
    month: Annotated[str, typer.Argument(help="The month to close, such as 2026-03; months close in order.")],
    by: Annotated[str, typer.Option("--by", help="Who closes it; stands in the receipt.")],
    programme: Annotated[str, typer.Option("--programme", help="The programme whose month it is.")],
    lake: LakeOption = None,
    at: Annotated[
        str | None, typer.Option("--at", help="The clock of the close, like 2026-04-03T08:00:00Z. [default: now]")
    ] = None,
) -> None:
    """Close a month that is over: from then on it takes no entries, and its statement never changes.

    What comes later is booked in the earliest open month. Closing twice closes once, and says so.
    """
    statement, is_new = flow.period_close(
        month, by, programme, lake, at, lambda line: progress.print(line, markup=False)
    )
    if not is_new:
        progress.print(f"{month} of {programme} was closed before; nothing was closed now", markup=False)
    print_statement(statement, out)


def print_statement(statement: Statement, console: Console) -> None:
    """Print one statement; of a closed month from nothing but what its receipt says."""
    title = f"{statement.programme}, {statement.period}"
    if statement.receipt:
        said = f"closed at {statement.closed_at} by {statement.closed_by}; receipt {statement.receipt}"
    else:
        said = f"OPEN: a running statement, as of ledger version {statement.ledger_version}; it may still change"
    console.print(title, style="bold", markup=False)
    console.print(said, markup=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in ("line", "entries", "points", *NAMES):
        table.add_column(name, justify="left" if name == "line" else "right", no_wrap=True)
    for line in statement.lines:
        told = " ".join(part for part in (line["line"], line["kind"]) if part)
        told += f": {line['reason']}" if line["reason"] else ""
        figures = (f"{Decimal(line[name]):,}" for name in ("entries", "points", *PARTS))
        table.add_row(Text(told), *figures, end_section=line["line"] == "closing")
    console.print(table)
    console.print("")
