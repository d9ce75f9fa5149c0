"""`chargeledger feed`: what a reward service reads; and its list held against the ledger."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console

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


def _lines(found: Feed, after: int, limit: int | None) -> None:
    sys.stdout.buffer.writelines(json_lines(found.batches(after, limit)))


def _arrow(found: Feed, after: int, limit: int | None) -> None:
    with pa.ipc.new_stream(sys.stdout.buffer, schema()) as stream:
        for rows in found.batches(after, limit):
            stream.write_table(rows)
