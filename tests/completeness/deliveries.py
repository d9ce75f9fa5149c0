"""Deliveries made by hand: so many sessions of an operator on a day, what the operator told of it, and what is made of both."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from chargeledger import asking, flow
from chargeledger.contract import contract
from chargeledger.lake import Lake, parse_instant
from chargeledger.table import append_once, arrow_schema
from tests.staging.canonical_files import Row, session_csv, session_row
from tests.staging.lake_contents import rows_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports a module that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401

EAST = "CN-GRID-EAST"
KEPT = (
    *("basis", "expected_sessions", "received_sessions", "accepted_sessions", "quarantined_sessions"),
    *("missing_sessions", "surplus_sessions", "is_short"),
)


def sessions(operator: str, day: str, count: int, first: int = 1, **told: str) -> list[Row]:
    """So many sessions of 10 kWh that end at ten in the morning of a Shanghai day, numbered from `first`."""
    at = {"started_at": f"{day}T09:00:00+08:00", "ended_at": f"{day}T10:00:00+08:00"}
    numbers = range(first, first + count)
    return [session_row(f"{day}-{n}", **({"operator": operator, "account": ""} | at | told)) for n in numbers]


def deliver(lake: str, folder: Path, rows: Iterable[Row], at: str) -> str:
    """Ingest rows as one file of session_csv; its landing digest."""
    path = session_csv(folder / f"delivery-{len(rows_of(lake, 'landing_file'))}.csv", *rows)
    digest: str = flow.ingest("session_csv", [path], lake, at)[0]["landing_digest"]
    return digest


def stage_rows(lake: str, relation: str, digest: str, *rows: dict[str, Any]) -> None:
    """Put rows of a relation beside those of a staged file, as if the file had told them too."""
    owed = contract(relation)
    taken = sum(row["landing_digest"] == digest for row in rows_of(lake, relation))
    numbered = [
        dict.fromkeys(owed.column_names) | row | {"landing_digest": digest, "row_number": taken + n}
        for n, row in enumerate(rows, start=1)
    ]
    written = pa.Table.from_pylist(numbered, schema=arrow_schema(owed))
    append_once(Lake(lake).table(relation), written, f"{relation} {digest} {taken}")


def control(
    issuer: str, day: str, count: int, region: str | None = None, energy_wh: int | None = None
) -> dict[str, Any]:
    """A row of delivery_control."""
    told = {"issuer": issuer, "day": date.fromisoformat(day), "region": region}
    return told | {"sessions": count, "energy_wh": energy_wh}


def delivered(address: str, since: str | None, until: str, total: int, *files: str) -> dict[str, Any]:
    """A row of delivery_control of a delivery: what was last updated from an instant on and before another."""
    told: dict[str, Any] = {"delivery": address, "sessions": total, "delivered_files": " ".join(files)}
    return told | {"updated_from": parse_instant(since) if since else None, "updated_until": parse_instant(until)}


def judged(
    lake: str, days: str, at: str, programme: str | None = None
) -> dict[tuple[str, str | None, str], dict[str, Any]]:
    """Rows of `completeness` by operator, region and day."""
    rows = asking.completeness(lake, days, programme, at).rows
    return {(row["issuer"], row["region"], row["vintage"].isoformat()): row for row in rows}


def counts(row: dict[str, Any]) -> tuple[Any, ...]:
    """Basis, expected, received, accepted, quarantined, missing, surplus, and whether it asks for somebody."""
    return tuple(row[name] for name in KEPT)
