"""What a lake holds, as plain rows, without where and when it was written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from chargeledger.lake import Lake

LEDGER_COLUMNS = [
    *("seq", "entry_id", "programme", "user_id", "session_id", "vintage", "period", "kind", "points"),
    *("emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng", "points_after"),
    "methodology_digest",
]
STAGED = ("landing_file", "charging_session", "session_owner", "grid_mix_hour", "quarantine", "row_outcome")


def rows_of(lake: str | Path, relation: str) -> list[dict[str, Any]]:
    """Rows of a table of the lake."""
    return [row for path in Lake(lake).files(relation) for row in pq.ParquetFile(path).read().to_pylist()]


def ledger_of(lake: str | Path) -> list[tuple[Any, ...]]:
    """The ledger's entries by seq: what was posted, to whom and why, without the digest of the receipt."""
    return sorted(tuple(entry[name] for name in LEDGER_COLUMNS) for entry in rows_of(lake, "ledger_entry"))


def points_of(lake: str | Path) -> dict[str, int]:
    """Points in the ledger by session."""
    total: dict[str, int] = {}
    for entry in rows_of(lake, "ledger_entry"):
        total[entry["session_id"]] = total.get(entry["session_id"], 0) + entry["points"]
    return total


def staged_of(lake: str | Path) -> dict[str, list[str]]:
    """Rows of all staged relations, sorted as text, to compare two lakes or two moments."""
    return {relation: sorted(map(repr, rows_of(lake, relation))) for relation in STAGED}


def files_of(lake: str | Path) -> dict[str, tuple[int, int]]:
    """Every file of the lake with its size and the moment of its last change: what a command that may write nothing keeps."""
    kept = {str(path): path.stat() for path in Path(lake).rglob("*") if path.is_file()}
    return {path: (told.st_size, told.st_mtime_ns) for path, told in kept.items()}


def fates(lake: str | Path, row_key: str | None = None) -> list[tuple[str, str | None]]:
    """Outcome and rule of every row, or of those of one key, in the order of landing and of the file."""
    order = {row["landing_digest"]: row["landing_seq"] for row in rows_of(lake, "landing_file")}
    told = [row for row in rows_of(lake, "row_outcome") if row_key in (None, row["row_key"])]
    told.sort(key=lambda row: (order[row["landing_digest"]], row["row_number"]))
    return [(row["outcome"], row["rule"]) for row in told]


def batches(lake: str | Path) -> list[dict[str, Any]]:
    """Batches by the order of their staging."""
    return sorted(rows_of(lake, "batch"), key=lambda row: row["batch_seq"])


def date_shares(batch: dict[str, Any]) -> dict[str, int]:
    """What the rule of exchanged days and months saw of a batch: dated sessions, then shares of them per mille, rounded up."""
    (finding,) = (found for found in json.loads(batch["validation"]) if found["rule_id"] == "day_month_order")
    told = [int(figure) for figure in re.findall(r", \w+ (\d+)", finding["observed"])]
    return dict(zip(("dated", "exchanged", "backwards", "outside", "early"), told, strict=True))


def published(lake: str | Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the current publication, as a reader gets them."""
    folder = Path(lake) / "published"
    database = folder / (folder / "CURRENT").read_text().strip() / "chargeledger.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(sql).fetchall()
