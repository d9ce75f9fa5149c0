"""Files that are there whole and through to the disk, or not at all; objects of a store are so by themselves."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from chargeledger.place import is_folder, put

ROW_GROUP = 122_880


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes its place when all of it is written; its folder is made where it is not there."""
    if not is_folder(path):
        with tempfile.TemporaryDirectory(prefix="chargeledger-put-") as folder:
            written = Path(folder) / "object"
            with open(written, "wb") as out:
                yield out
            put(written, path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def through_to_disk(folder: Path) -> None:
    """Wait until the files of a folder, and their names, are on the disk."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_file(path: Path, content: bytes) -> None:
    """Write bytes as a file."""
    with whole_file(path) as out:
        out.write(content)


def write_parquet(path: Path, rows: pa.Table | pa.RecordBatchReader) -> int:
    """Write rows as a Parquet file and return how many; the bytes depend on the rows alone. Memory holds one group of them."""
    count = 0
    with whole_file(path) as out, pq.ParquetWriter(out, rows.schema, compression="zstd", store_schema=False) as writer:
        for group in _groups(rows):
            writer.write_table(group)
            count += group.num_rows
    return count


def _groups(rows: pa.Table | pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The same rows in tables of one row group each, whatever batches they come in."""
    held: list[pa.RecordBatch] = []
    room = ROW_GROUP
    for arriving in rows.to_batches() if isinstance(rows, pa.Table) else rows:
        batch = arriving
        while batch.num_rows:
            held.append(batch.slice(0, room))
            room -= held[-1].num_rows
            batch = batch.slice(held[-1].num_rows)
            if not room:
                yield pa.Table.from_batches(held).combine_chunks()
                held, room = [], ROW_GROUP
    if held:
        yield pa.Table.from_batches(held).combine_chunks()
