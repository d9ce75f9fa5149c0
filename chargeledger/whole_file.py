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


def write_parquet(path: Path, rows: pa.Table) -> None:
    """Write rows as a Parquet file; the bytes depend on the rows alone."""
    with whole_file(path) as out:
        pq.write_table(rows, out, compression="zstd", row_group_size=122_880, store_schema=False)
