"""`chargeledger quarantine`: list, show, release."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chargeledger import asking, flow
from chargeledger.cli_options import LakeOption
from chargeledger.errors import UsageError, some_keys
from chargeledger.lake import instant_text

app = typer.Typer(
    no_args_is_help=True,
    help="""Rows that were refused: list, show and release them.

    A file refused as a whole is not here, since nothing of it was staged: mend its definition and
    `chargeledger ingest` it again.""",
)
out = Console(soft_wrap=True, highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)
RuleOption = Annotated[str | None, typer.Option("--rule", help="Only rows whose first broken rule is this one.")]
BatchOption = Annotated[
    int | None, typer.Option("--batch", help="Only rows that this batch refused, as `list` shows it.")
]


@app.command("list")
def list_rules(
    rule: RuleOption = None,
    batch: BatchOption = None,
    settled: Annotated[bool, typer.Option("--all", help="Also refusals that a release has settled.")] = False,
    lake: LakeOption = None,
) -> None:
    """What waits in quarantine, by relation and rule."""
    rows = asking.quarantine_totals(lake, rule, batch, settled)
    if not rows:
        out.print("Nothing waits in quarantine." if rule is None and batch is None else "Nothing waits there.")
        return
    table = Table("relation", "rule", "rows", *(["waiting"] if settled else []), "batches", "first seen", "example key")
    for row in rows:
        counts = [f"{row['rows']:,}", *([f"{row['waiting']:,}"] if settled else [])]
        seen = instant_text(row["first_seen_at"])
        table.add_row(row["relation"], row["rule"], *counts, some_keys(row["batches"]), seen, row["example"] or "-")
    out.print(table)


@app.command()
def show(
    rule: RuleOption = None,
    batch: BatchOption = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Rows to show.")] = 20,
    lake: LakeOption = None,
) -> None:
    """Rows that wait: where they stand, which rules they break, and what they say, identities as pseudonyms."""
    rows, count = asking.quarantine_rows(lake, rule, batch, most)
    for row in rows:
        out.print(
            f"{row['file_digest'][:12]}  {row['file_name']} row {row['row_number']:,}  batch {row['batch_seq']}  "
            f"{row['rules'].replace(' ', ', ')}  first seen {instant_text(row['first_seen_at'])}",
            markup=False,
        )
        out.print(f"    {row['row_json']}", markup=False)
    rest = count - len(rows)
    out.print(f"and {rest:,} more; --most shows more of them" if rest else f"{count:,} rows wait")


@app.command()
def release(rule: RuleOption = None, batch: BatchOption = None, lake: LakeOption = None) -> None:
    """Take rows up again from their landed files, by the definitions of today. Needs --rule or --batch, or both.

    What passes now is staged as of the landing of its file; what does not stays, with the rule that it breaks now. Afterwards
    `chargeledger account` and `publish`. Run it again and it releases nothing twice.
    """
    if rule is None and batch is None:
        raise UsageError("say which rows: --rule RULE or --batch N, as 'chargeledger quarantine list' shows them")
    files = flow.release(lake, rule, batch, lambda line: progress.print(line, markup=False))
    accepted = sum(_count(file, "accepted") for file in files)
    other = sum(_count(file, "duplicate") + _count(file, "superseded") for file in files)
    staying = sum(sum(file["staying"].values()) for file in files)
    if not files:
        out.print("nothing waits there; nothing was released")
    else:
        out.print(f"{accepted:,} rows accepted, {other:,} duplicate or superseded, {staying:,} stay in quarantine")
    if accepted + other:
        out.print("Next: chargeledger account, then chargeledger publish")


def _count(file: dict[str, Any], outcome: str) -> int:
    return int(file["batch"][f"rows_{outcome}"]) if file["batch"] else 0
