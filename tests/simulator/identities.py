"""Invariant 11: nothing that is written beside the landed files tells an account as it was told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.simulator.holding import hold
from tests.simulator.world import ACCOUNTS

RAW = tuple(account.encode() for account in ACCOUNTS)
EXCEPTED = "landing"


class Identities:
    """Looks through every file of a lake once for each state that it is in."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        self.seen: dict[str, tuple[int, int]] = {}

    def look(self) -> None:
        """Through what was written since the last look: Parquet by what its columns hold, anything else by its bytes."""
        for entry in self._fresh(self.lake):
            hold_hidden(Path(entry.path).read_bytes(), entry.path)
            if entry.name.endswith(".parquet"):
                hold_hidden(content(pq.ParquetFile(entry.path).read(use_threads=False)), entry.path)

    def _fresh(self, folder: Path | str) -> Iterator[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != EXCEPTED:
                        yield from self._fresh(entry.path)
                    continue
                stat = entry.stat()
                state = (stat.st_mtime_ns, stat.st_size)
                if self.seen.get(entry.path) != state:
                    self.seen[entry.path] = state
                    yield entry


def content(table: pa.Table) -> bytes:
    """The bytes of all columns of a table."""
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    return b"".join(buffer for chunk in chunks for buffer in chunk.buffers() if buffer is not None)


def hold_hidden(raw: bytes, where: str) -> None:
    hold("11 no raw identity", [account.decode() for account in RAW if account in raw], [], where)
