"""A reward service that credits the feed, in this process or in one of its own that can be killed.

It keeps its credits and its place in a database of its own. Credit and acknowledgement are two transactions, so whoever
dies between them reads the same entries again; the entry_id keeps it from crediting twice.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from chargeledger import feed


class Consumer:
    """Credits what the feed has; `crash` is called before and after everything that it does."""

    insert = "INSERT INTO credit (entry_id, user_id, points) VALUES (?, ?, ?) ON CONFLICT (entry_id) DO NOTHING"

    def __init__(self, path: Path, shards: tuple[int | None, ...] = (None,), limit: int = 5) -> None:
        self.con = sqlite3.connect(path, isolation_level=None)
        self.shards, self.limit = shards, limit
        self.con.execute("CREATE TABLE IF NOT EXISTS credit (entry_id TEXT, user_id TEXT, points INTEGER)")
        self.con.execute("CREATE TABLE IF NOT EXISTS place (shard INTEGER PRIMARY KEY, last INTEGER)")
        if "ON CONFLICT" in self.insert:
            self.con.execute("CREATE UNIQUE INDEX IF NOT EXISTS credited_once ON credit (entry_id)")

    def run(self, lake: str, crash: Callable[[], None]) -> None:
        for shard in self.shards:
            while self.step(lake, shard, crash):
                pass

    def step(self, lake: str, shard: int | None, crash: Callable[[], None]) -> int:
        """Read some entries, credit each, then acknowledge all; returns how many."""
        rows = feed.read(self.acknowledged(shard), self.limit, lake=lake, shard=shard).to_pylist()
        for row in rows:
            crash()
            self.con.execute(self.insert, (row["entry_id"], row["user_id"], row["points"]))
        crash()
        if rows:
            place = rows[-1]["seq" if shard is None else "shard_seq"]
            self.con.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (_key(shard), place))
            crash()
        return len(rows)

    def acknowledged(self, shard: int | None = None) -> int:
        """The last place that it acknowledged."""
        found = self.con.execute("SELECT last FROM place WHERE shard = ?", (_key(shard),)).fetchone()
        return int(found[0]) if found else 0

    def credited(self) -> dict[str, int]:
        """Points by user."""
        return dict(self.con.execute("SELECT user_id, sum(points) FROM credit GROUP BY user_id").fetchall())

    def credits(self) -> tuple[int, int]:
        """Credits, and entries that were credited: the same number where none was credited twice."""
        told = self.con.execute("SELECT count(*), count(DISTINCT entry_id) FROM credit").fetchone()
        return int(told[0]), int(told[1])


class Careless(Consumer):
    """Credits without looking at the entry_id."""

    insert = "INSERT INTO credit (entry_id, user_id, points) VALUES (?, ?, ?)"


def _key(shard: int | None) -> int:
    return -1 if shard is None else shard


def stop_at(place: int) -> Callable[[], None]:
    """Passes so many times; then says that it is there, and waits to be killed."""
    left = [place]

    def crash() -> None:
        left[0] -= 1
        if left[0] == -1:
            print("here", flush=True)
            while True:
                signal.pause()

    return crash


if __name__ == "__main__":  # python -m tests.ledger.crediting KIND DATABASE LAKE [PLACE]
    kind, database, lake, *places = sys.argv[1:]
    consumer = {"Consumer": Consumer, "Careless": Careless}[kind](Path(database))
    consumer.run(lake, stop_at(int(places[0])) if places else lambda: None)
