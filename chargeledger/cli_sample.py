"""`chargeledger sample`: a labelled synthetic sample of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chargeledger.synthetic import Asked, write_synthetic

out = Console(soft_wrap=True, highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)


def sample(
    folder: Annotated[Path, typer.Option("--out", help="A new or empty folder.")],
    sessions: Annotated[int, typer.Option("--sessions", help="How many charging sessions.")] = Asked.sessions,
    days: Annotated[int, typer.Option("--days", help="On how many local days they end, from 2026-03-09.")] = Asked.days,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another sample.")] = Asked.seed,
    form: Annotated[
        str, typer.Option("--format", help="tcec: T/CEC 102 orders as JSON lines; parquet: canonical session_parquet.")
    ] = Asked.form,
    clean: Annotated[bool, typer.Option("--clean", help="The same sessions without any defect.")] = False,
) -> None:
    """Write a SYNTHETIC sample: Chinese charge orders, stations, owners, enrolments, control totals, grid mix.

    Hours of green supply and certificates lie beside the mix.

    Nothing in it was measured, and the same arguments give the same bytes on every machine. About one charge in nine is told
    with a declared defect: twice, corrected, late, by an aggregator too, unreadable, impossible. `expected.json` says what must
    become of each; in the end the same sessions stand as with `--clean`.

    Folders are named by the source that reads them. `README.txt` explains them, and `manifest.json` lists the files in the order
    in which they should land.

    Example: `chargeledger sample --sessions 1000000 --out big`
    """
    asked = Asked(sessions, days, seed, form, clean)
    write_synthetic(folder, asked, lambda line: progress.print(line, markup=False))
    out.print(
        f"synthetic sample: {folder} ({sessions:,} sessions, {days} days, seed {seed}); read {folder / 'README.txt'}"
    )
