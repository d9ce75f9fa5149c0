"""`chargeledger trace`: where the points of a charge are, and if they are not there, what it waits for."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console

from chargeledger import asking
from chargeledger.cli_options import LakeOption
from chargeledger.errors import UsageError
from chargeledger.lake import instant_text
from chargeledger.trace_print import print_lineage, print_list

out = Console(highlight=False, width=200)  # a table is as wide as it needs: nothing is cut


def trace(
    order: Annotated[
        str | None, typer.Argument(help="ISSUER:ORDER, or an order number alone; of several all are listed.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="A pseudonym, as in session_status. Needs --day.")] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="A raw account, never printed or kept; - asks for it, or reads it from a pipe."),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", help="Whose accounts these are: identity in data_contracts/sources.")
    ] = "account",
    day: Annotated[str | None, typer.Option("--day", help="The local day on which the charge ended.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as a JSON list, for machines.")] = False,
    lake: LakeOption = None,
) -> None:
    """Where the points of a charge are: from the received row to the credited entry, or to the state that it waits in.

    Reads the newest staged tables, the ledger and the publication; nothing is computed again, which `explain` does.

    Example: `chargeledger trace OP:20260309001`, or `chargeledger trace --account - --day 2026-03-09`
    """
    asked = [name for name, given in (("ORDER", order), ("--user", user), ("--account", account)) if given]
    if len(asked) != 1:
        raise UsageError("say which: an ORDER, or --user or --account with --day; one of them")
    if order and day:
        raise UsageError("--day goes with --user or --account: an order is one charge")
    if account == "-":
        account = getpass.getpass("account: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    told = asking.trace(lake, order, user, account, namespace, day)
    if as_json:
        typer.echo(json.dumps(told, default=_plain, ensure_ascii=False, indent=2))
    elif len(told) == 1:
        print_lineage(told[0], out)
    else:
        print_list(told, out)


def _plain(value: object) -> str:
    """Instants, days and decimals as text: nothing is rounded."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(f"{type(value)} in a trace")
