"""Landing: a file as received, compressed, named by its SHA-256, never edited. Landing twice is landing once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from chargeledger.contract import contract
from chargeledger.errors import LostRace, UsageError
from chargeledger.lake import Lake, instant_text, landing_clock
from chargeledger.limits import clean_name
from chargeledger.place import is_folder, put
from chargeledger.source import Source
from chargeledger.table import append_if_unchanged, arrow_schema, row_count, rows_where
from chargeledger.workspace import Workspace

CHUNK = 1 << 20


@dataclass(frozen=True)
class Landed:
    """One landed file. `landed_at` is the clock of its first landing."""

    landing_digest: str
    landing_seq: int
    source: str
    file_name: str
    byte_count: int
    landed_at: datetime
    is_new: bool


def landing_path(lake: Lake, digest: str) -> Path:
    """Where the compressed copy lies."""
    return lake.root / "landing" / digest[:2] / f"{digest}.zst"


def land(lake: Lake, source: Source, path: Path, clock: datetime) -> Landed:
    """Copy a file into the lake and register it. Raises UsageError where it cannot be read."""
    if not path.is_file():
        raise UsageError(f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}; nothing was landed")
    try:
        digest, size = _copy(lake, path)
    except PermissionError as error:
        if Path(error.filename or lake.root).is_relative_to(lake.root):
            raise
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from error
    while True:
        try:
            return _register(lake, source, clean_name(path.name), digest, size, clock)
        except LostRace:
            continue


def _copy(lake: Lake, path: Path) -> tuple[str, int]:
    total, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(
        dir=lake.root / "landing" if is_folder(lake.root) else lake.spill(), prefix=".landing-"
    )
    os.close(handle)
    try:
        with open(path, "rb") as incoming, pa.output_stream(name, compression="zstd") as out:
            while chunk := incoming.read(CHUNK):
                total.update(chunk)
                size += len(chunk)
                out.write(chunk)
        target = landing_path(lake, total.hexdigest())
        if not target.exists() and not is_folder(target):
            put(Path(name), target)
        elif not target.exists():
            target.parent.mkdir(exist_ok=True)
            with open(name, "rb") as written:
                os.fsync(written.fileno())
            os.chmod(name, 0o444)
            os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return total.hexdigest(), size


def find_landed(table: DeltaTable, digest: str) -> dict[str, object] | None:
    """The registered row of a landed file."""
    rows = rows_where(table, landing_digest=digest).to_pylist()
    return rows[0] if rows else None


def landed_file(lake: Lake, digest: str) -> Landed:
    """A landed file by its digest. Raises UsageError where there is none."""
    known = find_landed(lake.table("landing_file"), digest)
    if known is None:
        raise UsageError(f"no file with digest {digest} has landed in {lake.root}")
    return Landed(**known, is_new=False)  # type: ignore[arg-type]


def _register(lake: Lake, source: Source, name: str, digest: str, size: int, clock: datetime) -> Landed:
    table = lake.table("landing_file")
    if known := find_landed(table, digest):
        return Landed(**known, is_new=False)  # type: ignore[arg-type]
    clock = max([clock, *landing_clock(table)])
    row = {
        "landing_digest": digest,
        "landing_seq": row_count(table) + 1,
        "source": source.name,
        "file_name": name,
        "byte_count": size,
        "landed_at": clock,
    }
    rows = pa.Table.from_pylist([row], schema=arrow_schema(contract("landing_file")))
    append_if_unchanged(table, rows, {"clock": instant_text(clock)})
    return Landed(**row, is_new=True)  # type: ignore[arg-type]


def _chunks(lake: Lake, digest: str) -> Iterator[bytes]:
    with landing_path(lake, digest).open("rb") as kept, pa.input_stream(kept, compression="zstd") as packed:
        while chunk := packed.read(CHUNK):
            yield chunk


def digest_of_landed(lake: Lake, digest: str) -> str:
    """SHA-256 of what is kept under a digest. Raises OSError where it cannot be read."""
    total = hashlib.sha256()
    for chunk in _chunks(lake, digest):
        total.update(chunk)
    return total.hexdigest()


@contextmanager
def unpacked(lake: Lake, digest: str, workspace: Workspace) -> Iterator[Path]:
    """A temporary, uncompressed copy of a landed file, readable by its owner alone: rows hold identities."""
    copy = workspace.path / "unpacked"
    try:
        with open(copy, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            for chunk in _chunks(lake, digest):
                out.write(chunk)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
