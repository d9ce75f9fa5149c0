"""`chargeledger pull`: fetch what an operator keeps ready."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chargeledger import flow
from chargeledger.cli_options import LakeOption
from chargeledger.errors import UsageError

TOKEN = "CHARGELEDGER_OCPI_TOKEN"
app = typer.Typer(no_args_is_help=True, help="Fetch what an operator keeps ready: land it, check it, stage it.")
out = Console(soft_wrap=True, highlight=False)
progress = Console(stderr=True, soft_wrap=True, highlight=False)


@app.callback()
def _pull() -> None:
    """Keeps `ocpi` a command of its own while it is the only one."""


@app.command()
def ocpi(
    url: Annotated[str, typer.Argument(help="The CDR endpoint, such as https://host/ocpi/cpo/2.2.1/cdrs.")],
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", help=f"File with the credentials token, not encoded. [default: the text of {TOKEN}]"
        ),
    ] = None,
    lake: LakeOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", help="Records last updated from this instant on. [default: where the last whole pull ended]"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Records last updated before this instant. [default: the clock]")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Source definition that the pages are read by.")] = "ocpi_cdr",
    at: Annotated[
        str | None, typer.Option("--at", help="The clock of the landing; it never goes back. [default: now]")
    ] = None,
) -> None:
    """Charge detail records of an OCPI 2.2.1 or later party: every page is landed as received, then staged.

    Run it again and it goes on where the last whole pull ended, an hour earlier for certainty; what comes twice falls out. A
    pull that brings another number of records than the server announces is incomplete: exit code 1, and the next one starts where
    it did. What the server announced is kept either way, as a control total: `completeness` names a delivery that came short.

    The token is read from a file or from the environment, never from the command line, which others can see.

    Example: `chargeledger pull ocpi https://host/ocpi/cpo/2.2.1/cdrs --token-file token.txt --lake lake`
    """
    done = flow.pull_ocpi(
        url, _token(token_file), lake, source, since, until, at, lambda line: progress.print(line, markup=False)
    )
    out.print(
        f"{done['records']:,} records in {done['pages']:,} pages; everything up to {done['pulled_until']} has come"
    )


def _token(path: Path | None) -> str:
    if path is None:
        if told := os.environ.get(TOKEN, "").strip():
            return told
        raise UsageError(f"which token? Give a file with --token-file, or set {TOKEN}")
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the token file {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from None
