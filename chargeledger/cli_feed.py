"""`chargeledger feed`: what a reward service reads; and its list held against the ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from chargeledger.cli_options import LakeOption
from chargeledger.errors import UsageError
from chargeledger.feed import Feed, check_place, json_lines, open_feed, schema

app = typer.Typer(
    invoke_without_command=True,
    help="""Ledger entries for the reward service, in order, without a gap, from the current publication.

    Take what comes, credit it, keep the last seq, and ask again with it. Entries never change and come at least once; where
    entry_id is the key of the credit, exactly once. Nothing new is no output and exit code 0.

    Example: `chargeledger feed --after 27000 --limit 1000`""",
)
out = Console(highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)
FORMATS = ("jsonl", "arrow")


@app.callback()
def feed(
    context: typer.Context,
    after: Annotated[
        int, typer.Option("--after", help="The seq of the last entry credited; with --shard, its shard_seq.")
    ] = 0,
    limit: Annotated[int | None, typer.Option("--limit", help="At most so many entries. [default: all]")] = None,
    shard: Annotated[
        int | None,
        typer.Option(
            "--shard", help="Only entries of this shard, 0 to N-1; --after then counts its shard_seq, not seq."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl: one JSON object per line. arrow: an Arrow IPC stream.")
    ] = "jsonl",
    lake: LakeOption = None,
) -> None:
    """Read the feed."""
    if context.invoked_subcommand:
        return
    if form not in FORMATS:
        raise UsageError(f"unknown format '{form}': {', '.join(FORMATS)}")
    check_place(after, limit)
    found = open_feed(lake, shard)
    if after > found.last:
        progress.print(
            f"note: the feed ends at {found.place} {found.last}, before {after}. Is this the lake that gave you {after}?",
            markup=False,
        )
    try:
        (_arrow if form == "arrow" else _lines)(found, after, limit)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough: that is its right


@app.command("reconcile")
def reconcile_list(
    credited: Annotated[
        Path,
        typer.Option("--credited", help="The reward service's list: CSV or JSON lines with entry_id, user_id, points."),
    ],
    until: Annotated[
        int | None,
        typer.Option(
            "--until", help="Compare up to the seq that the service has credited; with --shard, up to its shard_seq."
        ),
    ] = None,
    shard: Annotated[int | None, typer.Option("--shard", help="Compare the entries of this shard alone.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write every finding to this file, .csv or .jsonl.")] = None,
    lake: LakeOption = None,
) -> None:
    """Hold the reward service's own list against the ledger: missing, doubled, differing and unknown entries.

    Exit code 0 where both are equal, 1 where they differ. The sums close: credited is the ledger plus all differences.

    Example: `chargeledger feed reconcile --credited credited.csv --until 27000 --out findings.csv`
    """
    from chargeledger.reconcile import FINDINGS, reconcile

    told = reconcile(credited, lake, until, shard, to)
    table = Table(str(credited.name), "entries", "points", "in the ledger", "difference", "such as")
    table.add_row("ledger", f"{told.ledger_entries:,}", "", f"{told.ledger_points:,}", "", f"up to {told.until}")
    for finding in FINDINGS:
        row = told.totals.get(finding, dict.fromkeys(("entries", "points", "ledger_points", "difference_points"), 0))
        figures = [f"{int(row[name]):,}" for name in ("entries", "points", "ledger_points", "difference_points")]
        table.add_row(finding, *figures, " ".join(key[:12] for key in told.examples[finding]))
    between = told.credited_points - told.ledger_points
    table.add_row("credited", f"{told.credited_rows:,}", f"{told.credited_points:,}", "", f"{between:,}")
    out.print(table)
    if told.left_out:
        progress.print(
            f"note: {told.left_out:,} rows tell entries that were not asked about; they are left out", markup=False
        )
    if not told.is_equal:
        raise typer.Exit(1)


def _lines(found: Feed, after: int, limit: int | None) -> None:
    sys.stdout.buffer.writelines(json_lines(found.batches(after, limit)))


def _arrow(found: Feed, after: int, limit: int | None) -> None:
    with pa.ipc.new_stream(sys.stdout.buffer, schema()) as stream:
        for rows in found.batches(after, limit):
            stream.write_table(rows)
