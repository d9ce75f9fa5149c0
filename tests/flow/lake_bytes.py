"""What must stay the same, as bytes: a lake's files, and the ledger that a publication hands out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from chargeledger.lake import Lake
from chargeledger.verify import verify


def tree(folder: str | Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path."""
    root = Path(folder)
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def current(lake: str | Path) -> Path:
    """The directory that published/CURRENT names."""
    published = Path(lake) / "published"
    return published / (published / "CURRENT").read_text(encoding="ascii").strip()


def read(lake: str | Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the current publication's database."""
    with duckdb.connect(str(current(lake) / "chargeledger.duckdb"), read_only=True) as reader:
        return reader.execute(sql).fetchall()


def segments(lake: str | Path) -> list[Path]:
    """The Parquet segments of the ledger that the current manifest names, by their first seq."""
    manifest = json.loads((current(lake) / "manifest.json").read_bytes())
    named = [entry for entry in manifest["segments"] if entry["relation"] == "ledger_entry"]
    return [Path(lake) / "published" / entry["path"] for entry in sorted(named, key=lambda entry: entry["first_seq"])]


def ledger_bytes(lake: str | Path, without: tuple[str, ...] = ("receipt_digest",)) -> bytes:
    """Every entry in the order of seq, as Arrow bytes, without the columns that name the run."""
    rows = pa.concat_tables([pq.read_table(path) for path in segments(lake)]).sort_by("seq").drop_columns(list(without))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return sink.getvalue().to_pybytes()


def outputs(lake: str | Path, receipt: str) -> dict[str, str]:
    """The digests of what a run computed, by relation."""
    told: dict[str, str] = json.loads((Path(lake) / "receipts" / f"{receipt}.json").read_bytes())["outputs"]
    return told


def holds(lake: str) -> None:
    """The whole lake verifies, seq has no gap and no repeat, and nothing is kept of a writer that lost."""
    list(verify(Lake(lake)))
    seqs = [seq for (seq,) in read(lake, "SELECT seq FROM ledger_entry")]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    receipts = {commit.receipt for commit in Lake(lake).commits()}
    kept = [*(Path(lake) / "receipts").glob("*.*"), *(Path(lake) / "ledger" / "state").glob("*/*")]
    assert {path.stem for path in kept} == receipts
    hidden = {path.name for path in Path(lake).rglob(".*") if path.is_file()}
    assert hidden <= {".lock", ".charging_session.lock", ".grid_mix_hour.lock"}
    assert not list((Path(lake) / "tmp").iterdir())


def same_segments(lake: str, other: str) -> bool:
    return [path.read_bytes() for path in segments(lake)] == [path.read_bytes() for path in segments(other)]
