"""A reward service that credits from the feed, dies now and then, and reads again: by entry_id exactly once."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from chargeledger import feed

Row = dict[str, Any]


class Consumer:
    """Its own books: what it credited, and how far it has acknowledged. Reads everything, or one shard."""

    def __init__(self, random: Random, shard: int | None = None) -> None:
        self.random, self.shard = random, shard
        self.acknowledged = 0
        self.credited: dict[str, Row] = {}
        self.read: dict[int, Row] = {}

    def take(self, lake: str, *, until_done: bool = False) -> int:
        """Read a few times with small limits, and credit; returns the entries read."""
        place, count = "seq" if self.shard is None else "shard_seq", 0
        while True:
            limit = self.random.choice((1, 2, 3, 7))
            rows = feed.read(self.acknowledged, limit, lake=lake, shard=self.shard).to_pylist()
            owed = list(range(self.acknowledged + 1, self.acknowledged + 1 + len(rows)))
            assert [row[place] for row in rows] == owed, f"the feed has a gap after {self.acknowledged}"
            assert len(rows) <= limit
            for row in rows:
                known = self.read.setdefault(row[place], row)
                assert known == row, f"{place} {row[place]} was another entry before"
                self.credited.setdefault(row["entry_id"], row)
            count += len(rows)
            if not rows or (not until_done and self.random.random() < 0.2):
                return count
            if until_done or self.random.random() < 0.7:  # else it dies between credit and acknowledge
                self.acknowledged = rows[-1][place]

    def points(self) -> Counter[tuple[str, str]]:
        """What it credited, by programme and user."""
        found: Counter[tuple[str, str]] = Counter()
        for row in self.credited.values():
            found[row["programme"], row["user_id"]] += row["points"]
        return found
