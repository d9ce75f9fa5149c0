"""What every DAG of this room shares: its patience, its parameters, its doorbells, its party, and how a refusal ends a task.

Not a DAG. The package is called inside tasks only; while a DAG file is parsed, nothing but its file names is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Connection, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from chargeledger import rooms
from chargeledger.errors import ChargeledgerError, LostRace, UsageError

# Doorbells, named by the relation that may have changed. Who hears one finds the work in the lake.
CHARGING_SESSION = Asset("charging_session")
GRID_MIX_HOUR = Asset("grid_mix_hour")
LEDGER_ENTRY = Asset("ledger_entry")
PUBLICATION = Asset("publication")

SHAPE: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2, "retry_delay": timedelta(seconds=10)},
}


def lake_param() -> Param:
    """Which lake a run works on."""
    return Param(
        "",
        type="string",
        title="Lake",
        description="A folder, or s3://bucket/prefix. Empty: CHARGELEDGER_LAKE, else ./lake.",
    )


def clock_param() -> Param:
    """The instant that a run takes for now."""
    return Param(
        "",
        type="string",
        title="Clock",
        description="ISO 8601 instant with offset that the run takes for now. Empty: now.",
    )


def programme_param(done: str = "accounted") -> Param:
    """One programme, or all of them, with what is done to its sessions."""
    return Param(
        "",
        enum=["", *rooms.programme_names()],
        values_display={"": "every programme"},
        title="Programme",
        description=f"The programme whose sessions are {done}. Empty: every programme.",
    )


def ingest_params(*relations: str) -> dict[str, Param]:
    """Which files of which source an ingest run lands."""
    return {
        "source": Param(
            "",
            enum=["", *sources_of(relations)],
            values_display={"": "every source"},
            title="Source",
            description=f"The source whose files are landed. Empty: every source of {', '.join(relations)}.",
        ),
        "paths": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Paths",
            description="Files or folders of that source, one a line. Empty: its folder in CHARGELEDGER_INBOX, else ./inbox.",
        ),
        "lake": lake_param(),
        "at": clock_param(),
    }


def sources_of(relations: Iterable[str]) -> list[str]:
    """Sources of any of the relations, sorted."""
    return sorted({source for relation in relations for source in rooms.source_names(relation)})


def files_to_land(relations: Iterable[str], params: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files that the parameters name, by source, sorted. A path that is not there stays, to be refused by name."""
    sources, named = [params["source"]] if params["source"] else sources_of(relations), params["paths"]
    if named and not params["source"]:
        raise UsageError("paths were given without a source: choose the source that they are of")
    inbox = Path(os.environ.get("CHARGELEDGER_INBOX") or "inbox")
    found = {
        source: [file for path in named or [inbox.joinpath(source)] for file in _files(Path(path), bool(named))]
        for source in sources
    }
    return {source: list(map(str, sorted(files))) for source, files in found.items() if files}


def _files(path: Path, is_named: bool) -> list[Path]:
    if path.is_dir():
        return [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    return [path] if is_named else []


def party(connection: str) -> tuple[str, str]:
    """Address and credentials token of a party: host and password of a connection of Airflow, else of the environment."""
    try:
        found = Connection.get(connection)
    except AirflowNotFoundException:
        raise UsageError(
            f"Airflow has no connection '{connection}': add one, the CDR endpoint as its host, the token as its password"
        ) from None
    return found.host or "", found.password or os.environ.get("CHARGELEDGER_OCPI_TOKEN", "").strip()


@contextmanager
def refusal_is_final() -> Iterator[None]:
    """A refusal fails the task at once with its own message, since trying again would change nothing."""
    try:
        yield
    except LostRace:
        raise
    except ChargeledgerError as refusal:
        raise AirflowFailException(str(refusal)) from None
