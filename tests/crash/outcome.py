"""What a flow leaves behind, read with plain Python: ledger and commits, what was staged, what readers find."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from tests.crash.committed import RUN_NAMED, Rows, committed

PUBLISHED = (
    *("ledger_entry", "user_points", "session_assessment", "session_status", "vintage", "period_statement"),
    *("grid_intensity_hour", "energy_match", "supply_balance", "certificate_balance"),
)


def _table(path: Path) -> Rows:
    if not (path / "_delta_log").is_dir():
        return []
    rows = DeltaTable(str(path)).to_pyarrow_table()
    kept = [name for name in rows.column_names if name not in RUN_NAMED]
    return sorted((tuple(row.values()) for row in rows.select(kept).to_pylist()), key=repr)


def of(lake: Path) -> dict[str, Rows]:
    """Every entry of the ledger, every staged row, what the commits say and set, and the published relations."""
    found = {f"staged {path.name}": _table(path) for path in sorted((lake / "staged").iterdir()) if path.is_dir()}
    found["ledger"] = _table(lake / "ledger" / "ledger_entry")
    found["publications"] = _publications(lake)
    return found | committed(lake) | {f"published {name}": rows for name, rows in published(lake).items()}


def _current(lake: Path) -> Path:
    return lake / "published" / (lake / "published" / "CURRENT").read_text(encoding="ascii")


def published(lake: Path) -> dict[str, Rows]:
    """What a reader finds behind the pointer. Raises where it is torn: the sums of database and manifest must agree."""
    folder = _current(lake)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(folder / "chargeledger.duckdb"), read_only=True) as con:
        held = con.execute("SELECT coalesce(sum(points), 0), coalesce(max(last_seq), 0) FROM user_points").fetchall()
        if held != [(manifest["points"], manifest["last_seq"])]:
            raise AssertionError(f"publication {folder.name} is torn: {held}, its manifest says {manifest['points']}")
        rows = "SELECT COLUMNS(lambda name: name <> 'receipt_digest') FROM {}"
        return {name: sorted(con.execute(rows.format(name)).fetchall(), key=repr) for name in PUBLISHED}


def _publications(lake: Path) -> Rows:
    """The publications from the current one back, by digest: what each says, and whether it is kept or removed."""
    told: dict[str, dict[str, Any]] = {}
    for path in (lake / "published").glob("removed/*.json"):
        said = json.loads(path.read_bytes())
        told[said["digest"]] = said
    for path in (lake / "published").glob("[0-9]*/manifest.json"):
        told[hashlib.sha256(path.read_bytes()).hexdigest()] = json.loads(path.read_bytes())
    found: Rows = []
    digest: str | None = hashlib.sha256((_current(lake) / "manifest.json").read_bytes()).hexdigest()
    while digest:
        if digest not in told:
            return [*found, ("lost", digest)]
        said = told[digest]
        state = "kept" if "segments" in said else "removed"
        found.append((state, said["published_at"], said["ledger_version"], said["last_seq"], said["points"]))
        digest = said["previous_digest"]
    return found


def beside(lake: Path) -> Rows:
    """What lies beside the current publication: others, and what somebody who died was building, writing or removing."""
    shelf = lake / "published"
    others = [path for path in shelf.glob("[0-9]*") if path != _current(lake)]
    litter = [path for path in shelf.rglob(".*") if path.name != ".lock"]
    return [(path.relative_to(shelf).as_posix(),) for path in sorted([*others, *litter])]


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
