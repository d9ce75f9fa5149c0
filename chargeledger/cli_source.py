"""`chargeledger source`: draft, try."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chargeledger import rooms

app = typer.Typer(no_args_is_help=True, help="New sources: draft a definition from a file, and try it. Nothing lands.")
out = Console(soft_wrap=True, highlight=False)
File = Annotated[Path, typer.Argument(help="A file as its sender gave it.")]
OUTCOMES = ("accepted", "quarantined", "duplicate", "superseded")


@app.command()
def draft(
    file: File,
    name: Annotated[str | None, typer.Option("--name", help="Name of the source. [default: the file's]")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Folder to write below. [default: the project]")] = None,
) -> None:
    """Write a first definition and its SQL from a CSV, Parquet or JSON file of sessions. Every guess in them is a question.

    JSON is an array, or objects one after another, such as one a line; nested keys become columns by path, a list is one column.
    No value of the file is repeated, only the shape of values. Nothing is overwritten.
    """
    from chargeledger.source_draft import draft as draft_source

    drafted = draft_source(file, name, to)
    for path in drafted.files:
        out.print(f"drafted  {rooms.said(path)}", markup=False)
    out.print("To confirm, in these files:")
    for question in drafted.questions:
        out.print(f"  - {question}", markup=False)
    chosen = f"--source {drafted.name}" if to is None else f"--definition {next(iter(drafted.files))}"
    out.print(f"Then: chargeledger source try {file} {chosen}", markup=False)


@app.command("try")
def try_source(
    file: File,
    source: Annotated[str | None, typer.Option("--source", help="A source of the project.")] = None,
    definition: Annotated[
        Path | None, typer.Option("--definition", help="A definition elsewhere, as `draft --out` writes it.")
    ] = None,
) -> None:
    """What a source would make of a file: accepted, and refused by which rule. Exit code 1 where the file would be refused."""
    from chargeledger import source_try
    from chargeledger.quarantine import meaning

    chosen = source_try.source_of(source, definition)
    trial = source_try.try_file(file, chosen)
    _print_fates(trial.profile)
    for row in trial.refused:
        out.print(f"\n{row['rule']}: {row['rows']:,} rows. {meaning(chosen.relation, row['rule'])}", markup=False)
        for example in row["examples"]:
            out.print(f"  row {example['row']}  {example['said']}", markup=False)
    if trial.accepted:
        out.print(f"\nThe first of {trial.relations[chosen.relation]:,} rows of {chosen.relation}, as they were read:")
        for line in trial.accepted:
            out.print(f"  {line}", markup=False)
    for relation in chosen.relations[1:]:
        out.print(f"{trial.relations[relation]:,} rows of {relation}")
    out.print("")
    for finding in trial.findings:
        verdict = "ok    " if finding.passed else "BROKEN" if finding in trial.broken else "warns "
        out.print(f"{verdict}  {finding.rule_id}: {finding.description}: {finding.observed}", markup=False)
    if trial.broken:
        out.print("The file would be refused whole. Nothing has landed.")
        raise typer.Exit(1)
    out.print("The file would be staged. Nothing has landed.")
    if source:
        out.print(f"Then: chargeledger ingest {source} {file}", markup=False)


def _print_fates(profile: dict[str, Any]) -> None:
    table = Table("", "rows", "kWh")
    for outcome in OUTCOMES:
        energy = Decimal(profile[f"{outcome}_wh"]).scaleb(-3)
        table.add_row(outcome, f"{profile[f'rows_{outcome}']:,}", f"{energy:,.3f}")
    out.print(table)
