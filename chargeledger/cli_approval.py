"""`chargeledger approve`, `reject` and `proposal`: what waits for a decision, and the decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from chargeledger import asking, flow
from chargeledger.approval import Proposal, sentence
from chargeledger.cli_options import LakeOption
from chargeledger.scope import APPROVE, REJECT, RENEW

app = typer.Typer(no_args_is_help=True, help="Changes that wait for a decision: list, show, renew.")
out = Console(soft_wrap=True, highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)
NG_PER_KG = Decimal(10**12)
SHOWN, WIDE = 20, 160

Receipt = Annotated[str, typer.Argument(help="Digest of the receipt that proposes, or its first digits.")]
By = Annotated[str, typer.Option("--by", help="Who decides. It stands in the receipt.")]
Because = Annotated[str, typer.Option("--because", help="Why. It stands in the receipt.")]
At = Annotated[
    str | None, typer.Option("--at", help="The clock of this run, like 2026-03-13T16:00:00Z. [default: now]")
]


def _say(line: str) -> None:
    out.print(line, markup=False)


def _report(line: str) -> None:
    progress.print(line, markup=False)


def approve(receipt: Receipt, by: By, because: Because, lake: LakeOption = None, at: At = None) -> None:
    """Post what a receipt proposes, as long as it is still exactly what is due; otherwise post nothing.

    Example: `chargeledger approve 4f0f674b77 --by "$USER" --because "the meter was read again"`
    """
    _decide(APPROVE, receipt, by, because, lake, at)


def reject(receipt: Receipt, by: By, because: Because, lake: LakeOption = None, at: At = None) -> None:
    """Leave the awards as posted: what a receipt proposes is not proposed again until the inputs of an award change again."""
    _decide(REJECT, receipt, by, because, lake, at)


@app.command("list")
def list_proposals(lake: LakeOption = None) -> None:
    """Every proposal: since when, how much it would change, whether it waits, or by whom it was decided."""
    found = asking.proposals(lake)
    for each in found:
        told = each.totals
        points = f"{told['points_gained']:+,} and {told['points_lost']:+,} points"
        _say(f"{each.receipt[:16]}  {each.clock}  {told['lineages']:,} sessions, {points}: {_state(each)}")
    if not found:
        _say("nothing was ever proposed")


def _state(each: Proposal) -> str:
    if each.decision:
        return f"{each.state} by {each.decision['by']} at {each.settled_at}"
    return f"{each.state} by {each.settled_by[:16]}" if each.settled_by else each.state


@app.command()
def show(
    receipt: Receipt,
    everything: Annotated[bool, typer.Option("--all", help=f"Every change, not the first {SHOWN}.")] = False,
    lake: LakeOption = None,
) -> None:
    """What a receipt proposes, key by key, and why each change is held."""
    proposal, rows = asking.proposal(receipt, lake)
    _say(sentence(proposal))
    print_proposal(proposal.totals, rows, out, None if everything else SHOWN)


@app.command()
def renew(receipt: Receipt, lake: LakeOption = None, at: At = None) -> None:
    """Compute what a receipt proposes again, from what is known now; a new receipt proposes it."""
    done = flow.decide(RENEW, receipt, "", "", lake, at, _report)
    if done["proposed"]:
        print_proposal(done["proposed"], asking.proposal(done["receipt"], lake)[1], out)
    _say(f"receipt {done['receipt']}" if done["receipt"] else "nothing changed")


def _decide(kind: str, receipt: str, by: str, because: str, lake: str | None, at: str | None) -> None:
    done = flow.decide(kind, receipt, by, because, lake, at, _report)
    if not done["is_new"]:
        _say(f"{sentence(done['proposal'])}. Nothing was posted now.")
        return
    _say(sentence(done["proposal"]))
    _say(f"{done['posted_entries']:,} entries, {done['posted_points']:,} points posted; receipt {done['receipt']}")
    if done["proposed"]:
        waiting = f"{done['proposed']['lineages']:,} sessions wait for another decision"
        _say(f"{waiting}: chargeledger proposal show {done['receipt'][:16]}")


def print_proposal(
    totals: dict[str, Any], rows: list[dict[str, Any]], console: Console, most: int | None = SHOWN
) -> None:
    """Print the changes that a receipt proposes, why they are held, and their totals."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in ("programme", "session", "vintage", "user", "posted", "change", "reductions, kg", "reason"):
        table.add_column(
            name, justify="right" if name in ("posted", "change", "reductions, kg") else "left", no_wrap=True
        )
    for row in rows[:most]:
        kg = f"{Decimal(row['emission_reductions_ng']) / NG_PER_KG:+,.3f}"
        cells = (row["programme"], row["session_id"], str(row["vintage"]), row["user_id"][:12])
        table.add_row(*cells, f"{row['posted_points']:,}", f"{row['points']:+,}", kg, row["reason"])
    Console(highlight=False, width=None if console.is_terminal else WIDE).print(table)
    if most is not None and len(rows) > most:
        console.print(f"and {len(rows) - most:,} more", markup=False)
    for cause in sorted({row["cause"] for row in rows})[:most]:
        sessions = len({row["session_id"] for row in rows if row["cause"] == cause})
        console.print(f"held, {sessions:,} sessions: {cause}", markup=False)
    kg = f"{Decimal(totals['emission_reductions_ng']) / NG_PER_KG:+,.3f} kg of estimated CO2 avoided"
    points = f"{totals['points_gained']:+,} and {totals['points_lost']:+,} points"
    console.print(f"{totals['lineages']:,} sessions, {totals['users']:,} users: {points}, {kg}", markup=False)
