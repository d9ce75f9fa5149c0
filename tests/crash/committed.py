"""What the commits of a ledger say, read with plain Python: decisions, closes with their statements, and the states they set.

Receipts are named by what they read, so a lake that got there by another way has others: here they go by their place.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import DeltaTable

Rows = list[tuple[Any, ...]]
RUN_NAMED = {"receipt_digest", "ledger_version"}  # columns that name the run, not what it says
SAID = ("clock", "scope", "programmes", "proposed", "states")


def committed(lake: Path) -> dict[str, Rows]:
    """Decisions, commits, frozen statements, and every row of every state, by the place of their commit."""
    history = sorted(
        DeltaTable(str(lake / "ledger" / "ledger_entry")).history(), key=lambda entry: int(entry["version"])
    )
    accounted = [json.loads(entry["chargeledger"]) for entry in history if "chargeledger" in entry]
    closed = [json.loads(entry["chargeledger_period"]) for entry in history if "chargeledger_period" in entry]
    places = {said["receipt"]: place for place, said in enumerate(accounted, 1)}
    decided = [(place, said["decision"]) for place, said in enumerate(accounted, 1) if "decision" in said]
    found: dict[str, Rows] = {
        "commits": [tuple(said[name] for name in SAID) for said in accounted],
        "decisions": [(at, d["kind"], places[d["proposal"]], d["by"], d["because"]) for at, d in decided],
        "frozen statements": [line for said in closed for line in _statement(lake, said)],
    }
    for folder in sorted((lake / "ledger" / "state").iterdir()):
        rows = [(places[said["receipt"]], *row) for said in accounted for row in _set(folder, said["receipt"])]
        found[f"state {folder.name}"] = sorted(rows, key=repr)
    return found


def _statement(lake: Path, said: dict[str, Any]) -> Rows:
    """A closed month from its receipt. Raises where that is not what it was."""
    raw = (lake / "receipts" / f"{said['receipt']}.json").read_bytes()
    if hashlib.sha256(raw).hexdigest() != said["receipt"]:
        raise AssertionError(f"the receipt of {said['period']} is not what it was")
    kept = json.loads(raw)
    whose = (said["programme"], said["period"], said["clock"], kept["by"], kept["outputs"]["period_statement"])
    return [(*whose, *sorted(line.items())) for line in kept["statement"]]


def _set(folder: Path, receipt: str) -> Rows:
    """The rows of a state that the run with this receipt set; none where it set none."""
    path = folder / f"{receipt}.parquet"
    if not path.exists():
        return []
    rows = pq.read_table(path, partitioning=None)
    return [tuple(row.values()) for row in rows.drop_columns(sorted(RUN_NAMED & set(rows.column_names))).to_pylist()]
