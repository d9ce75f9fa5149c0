"""The feed: the published ledger entries, read in the order of seq, or of one shard in the order of its shard_seq.

It reads published files alone and writes nothing, so a read-only copy of `published/` in a folder is lake enough. Entries have
no gap, never change, and come at least once: whoever crashes reads them again, and `entry_id` makes that exactly once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chargeledger.contract import contract
from chargeledger.errors import Refused, UsageError
from chargeledger.place import filesystem_of, place
from chargeledger.table import arrow_schema

BATCH_ENTRIES = 200_000
LINES = 10_000
TRIES = 20


@dataclass(frozen=True)
class Feed:
    """The feed of the publication that was current when it was opened; of one shard, where one is named."""

    published: Path
    manifest: dict[str, Any]
    shard: int | None

    @property
    def place(self) -> str:
        """The column that numbers what is read."""
        return "seq" if self.shard is None else "shard_seq"

    @property
    def last(self) -> int:
        """The last place that there is."""
        return int(
            self.manifest["last_seq"] if self.shard is None else self.manifest["shards"][self.shard]["last_shard_seq"]
        )

    def segments(self, after: int, until: int) -> list[dict[str, Any]]:
        """The segments that can hold entries after one place, up to another."""
        return [
            segment
            for segment in self.manifest["segments"]
            if segment["relation"] == "ledger_entry"
            and self.shard in (None, segment["shard"])
            and segment[f"first_{self.place}"] <= until
            and segment[f"last_{self.place}"] > after
        ]

    def batches(self, after: int, limit: int | None) -> Iterator[pa.Table]:
        """Entries after a place, in order, as tables of a bounded size; none where there is nothing new."""
        until = self.last if limit is None else min(self.last, after + limit)
        while after < until:
            upto = min(after + BATCH_ENTRIES, until)
            yield self._between(after, upto)
            after = upto

    def _between(self, after: int, upto: int) -> pa.Table:
        paths = [str(self.published / segment["path"]) for segment in self.segments(after, upto)]
        wanted = [(self.place, ">", after), (self.place, "<=", upto)]
        rows = schema().empty_table()
        if paths:
            kept = pq.read_table(paths, filters=wanted, partitioning=None, filesystem=filesystem_of(paths[0]))
            rows = kept.cast(schema()).sort_by(self.place)
        if rows.column(self.place).to_pylist() != list(range(after + 1, upto + 1)):
            raise Refused(
                f"the segments do not hold every {self.place} from {after + 1} to {upto} once; nothing of them was handed out. "
                "Run 'chargeledger verify'"
            )
        return rows


def schema() -> pa.Schema:
    """Columns of the feed, as `data_contracts/feed_entry.yaml` has them."""
    return arrow_schema(contract("feed_entry"))


def open_feed(lake: str | Path | None = None, shard: int | None = None) -> Feed:
    """The feed as the current publication has it. Raises UsageError where there is none, or no such shard."""
    root = place(lake or os.environ.get("CHARGELEDGER_LAKE") or "lake")
    manifest = _manifest(root)
    shards = len(manifest["shards"])
    if shard is not None and not 0 <= shard < shards:
        raise UsageError(f"the feed of {root} has the shards 0 to {shards - 1}; there is no shard {shard}")
    return Feed(root / "published", manifest, shard)


def _manifest(root: Path) -> dict[str, Any]:
    """The manifest that the pointer names; read again where that publication was removed in between."""
    pointer = root / "published" / "CURRENT"
    for _ in range(TRIES):
        try:
            number = pointer.read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageError(
                f"there is no publication at {root}: name another lake with --lake, or publish this one first"
            ) from error
        try:
            manifest: dict[str, Any] = json.loads((pointer.parent / number / "manifest.json").read_bytes())
        except FileNotFoundError:
            continue
        return manifest
    raise Refused(f"{pointer} names publication {number}, which is not there. Run 'chargeledger verify'")


def read(
    after: int = 0, limit: int | None = None, *, lake: str | Path | None = None, shard: int | None = None
) -> pa.Table:
    """At most `limit` entries after `after`, in order, as an Arrow table; an empty one where there is nothing new.

    `after` is the seq of the last entry that was credited, with `shard` its shard_seq in that shard. `lake` is the folder of the
    lake, else CHARGELEDGER_LAKE, else ./lake.
    """
    check_place(after, limit)
    return pa.concat_tables([schema().empty_table(), *open_feed(lake, shard).batches(after, limit)])


def check_place(after: int, limit: int | None) -> None:
    """Refuse places that no feed has."""
    if after < 0 or (limit is not None and limit < 0):
        raise UsageError(f"the feed begins after 0, and a limit is not negative: got after {after}, limit {limit}")


def json_lines(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """Entries as JSON lines: one object per entry, columns in contract order, decimals (ng) as strings, all else as it is.

    The segments are written by it and the command line prints by it, so an entry is the same bytes wherever it is read.
    """
    import duckdb

    told = ", ".join(
        f"CAST({column.name} AS VARCHAR) AS {column.name}" if column.sql_type.startswith("DECIMAL") else column.name
        for column in contract("feed_entry").columns
    )
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        for rows in tables:
            con.register("entry", rows)
            lines = con.sql(f"SELECT CAST(to_json(e) AS VARCHAR) AS line FROM (SELECT {told} FROM entry) AS e")
            for batch in lines.to_arrow_reader(LINES):
                yield ("\n".join(batch.column(0).to_pylist()) + "\n").encode()
            con.unregister("entry")
