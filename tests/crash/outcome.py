"""What a run leaves behind, read with plain Python: the ledger, what was staged, what readers find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

Rows = list[tuple[Any, ...]]
PUBLISHED = ("user_points", "session_status", "session_assessment", "vintage", "grid_intensity_hour")
RUN_NAMED = {"receipt_digest", "ledger_version"}  # columns that name the run, not what it says


def _table(path: Path) -> Rows:
    if not (path / "_delta_log").is_dir():
        return []
    rows = DeltaTable(str(path)).to_pyarrow_table()
    kept = [name for name in rows.column_names if name not in RUN_NAMED]
    return sorted((tuple(row.values()) for row in rows.select(kept).to_pylist()), key=repr)


def of(lake: Path) -> dict[str, Rows]:
    """Every entry of the ledger, every staged row, and the published relations."""
    found = {f"staged {path.name}": _table(path) for path in sorted((lake / "staged").iterdir()) if path.is_dir()}
    found["ledger"] = _table(lake / "ledger" / "ledger_entry")
    return found | {f"published {name}": rows for name, rows in published(lake).items()}


def published(lake: Path) -> dict[str, Rows]:
    """What a reader finds behind the pointer. Raises where it is torn: the sums of database and manifest must agree."""
    folder = lake / "published" / (lake / "published" / "CURRENT").read_text(encoding="ascii")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(folder / "chargeledger.duckdb"), read_only=True) as con:
        held = con.execute("SELECT coalesce(sum(points), 0), coalesce(max(last_seq), 0) FROM user_points").fetchall()
        if held != [(manifest["points"], manifest["last_seq"])]:
            raise AssertionError(f"publication {folder.name} is torn: {held}, its manifest says {manifest['points']}")
        return {name: sorted(con.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in PUBLISHED}


def differences(found: dict[str, Rows], owed: dict[str, Rows]) -> list[str]:
    """What is lost and what is there twice or should not be, relation by relation."""
    told = []
    for name in sorted(found.keys() | owed.keys()):
        mine, theirs = found.get(name, []), owed.get(name, [])
        if mine != theirs:
            lost = [row for row in theirs if row not in mine]
            surplus = [row for row in mine if row not in theirs]
            told.append(
                f"{name}: {len(theirs)} rows owed, {len(mine)} found; lost {_short(lost)}, not owed {_short(surplus)}"
            )
    return told


def _short(rows: Rows) -> str:
    return f"{len(rows)} such as {repr(rows[0])[:200]}" if rows else "none"
