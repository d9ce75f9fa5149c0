"""Reward services that read the feed: one that crashes wherever it can and ends exact, and some in other languages.

The reference consumer keeps its credits and its place in a database of its own. Credit and acknowledgement are two
transactions, so a crash between them makes it read the same entries again; the entry_id keeps it from crediting twice.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chargeledger import feed
from tests.ledger.book import Book, charge
from tests.ledger.test_feed_shards import shard_of

ROOT = Path(__file__).resolve().parents[2]


class Crash(Exception):
    """The process ends here."""


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
        key = -1 if shard is None else shard
        last = (self.con.execute("SELECT last FROM place WHERE shard = ?", (key,)).fetchone() or (0,))[0]
        rows = feed.read(last, self.limit, lake=lake, shard=shard).to_pylist()
        for row in rows:
            crash()
            self.con.execute(self.insert, (row["entry_id"], row["user_id"], row["points"]))
        crash()
        if rows:
            place = rows[-1]["seq" if shard is None else "shard_seq"]
            self.con.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (key, place))
            crash()
        return len(rows)

    def credited(self) -> dict[str, int]:
        told = self.con.execute(
            "SELECT user_id, sum(points), count(*), count(DISTINCT entry_id) FROM credit GROUP BY user_id"
        )
        return {user: points for user, points, *_ in told.fetchall()}


class Careless(Consumer):
    """Credits without looking at the entry_id."""

    insert = "INSERT INTO credit (entry_id, user_id, points) VALUES (?, ?, ?)"


def held(book: Book) -> dict[str, int]:
    """Points per user, from the ledger table, by hand."""
    sums: Counter[str] = Counter()
    for entry in book.entries():
        sums[entry["user_id"]] += entry["points"]
    return dict(sums)


def crash_at(place: int) -> Callable[[], None]:
    """Passes so many times, then crashes once."""
    left = [place]

    def crash() -> None:
        left[0] -= 1
        if left[0] == -1:
            raise Crash

    return crash


def ended(
    book: Book, folder: Path, kind: type[Consumer], shards: tuple[int | None, ...], place: int
) -> tuple[bool, Consumer]:
    """A consumer that crashed at a place, or did not get there, and was started again."""
    path = folder / f"{kind.__name__}-{place}.sqlite"
    first, crashed = kind(path, shards), False
    try:
        first.run(book.lake, crash_at(place))
    except Crash:
        crashed = True
    first.con.close()
    again = kind(path, shards)
    again.run(book.lake, lambda: None)
    return crashed, again


@pytest.mark.parametrize("shards", [(None,), (0, 1, 2, 3)], ids=["the whole feed", "shard by shard"])
def test_a_consumer_that_crashes_anywhere_ends_exact(
    whole_story: Book, tmp_path: Path, shards: tuple[int | None, ...]
) -> None:
    """Before and after every credit and every acknowledgement, once each; then started again."""
    place, entries = 0, len(whole_story.entries())
    while True:
        crashed, consumer = ended(whole_story, tmp_path, Consumer, shards, place)
        assert consumer.credited() == held(whole_story)
        assert consumer.con.execute("SELECT count(*), count(DISTINCT entry_id) FROM credit").fetchone() == (
            entries,
            entries,
        )
        consumer.con.close()
        if not crashed:
            break
        place += 1
    assert place > entries + 4  # each credit, and around each acknowledgement


def test_without_the_entry_id_the_crash_would_show(whole_story: Book, tmp_path: Path) -> None:
    wrong = [
        ended(whole_story, tmp_path, Careless, (None,), place)[1].credited() != held(whole_story) for place in range(8)
    ]
    assert wrong == [
        False,
        True,
        True,
        True,
        True,
        True,
        False,
        False,
    ]  # wrong where something was credited and not acknowledged


def test_consumers_follow_the_publications(china: Book, tmp_path: Path) -> None:
    consumer = Consumer(tmp_path / "credit.sqlite", limit=1)
    for number, kwh in enumerate(("10", "12", "8"), start=1):
        china.sessions(charge("1", kwh), charge(str(number + 1), "10", f"user {number}"))
        china.account()
        china.publish()
        consumer.run(china.lake, lambda: None)
        assert consumer.credited() == held(china)


def readme_block(language: str, said: str) -> str:
    chapter = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .partition("## For the reward service\n")[2]
        .partition("\n## ")[0]
    )
    (block,) = [text for text in re.findall(rf"```{language}\n(.*?)```", chapter, re.DOTALL) if said in text]
    return str(block)


def test_a_shell_with_jq_reads_the_json_lines(whole_story: Book) -> None:
    """The lines of the README, as they stand there."""
    if not shutil.which("jq"):
        pytest.skip("jq is not on this machine: the shell's reader was not tried")
    command = ["sh", "-euc", readme_block("sh", "jq")]
    done = subprocess.run(command, cwd=whole_story.root, capture_output=True, text=True, timeout=60, check=True)
    told = [line.split("\t") for line in done.stdout.splitlines()]
    assert {user: int(points) for user, points in told} == held(whole_story)


NODE = """
const fs = require("fs"), crypto = require("crypto"), published = process.argv[1] + "/published/";
const sha256 = (data) => crypto.createHash("sha256").update(data).digest("hex");
const current = fs.readFileSync(published + "CURRENT", "utf8").trim();
const manifest = JSON.parse(fs.readFileSync(published + current + "/manifest.json"));
const points = {}, grams = {}, ends = manifest.shards.map(() => null), places = manifest.shards.map(() => 0);
for (const segment of manifest.segments.filter((s) => s.relation === "ledger_entry")) {
  const lines = fs.readFileSync(published + segment.lines);
  if (sha256(lines) !== segment.lines_sha256) throw new Error(segment.lines);
  const digest = sha256((ends[segment.shard] || "") + segment.sha256 + segment.lines_sha256);
  if (digest !== segment.digest || segment.previous_digest !== ends[segment.shard]) throw new Error("chain");
  ends[segment.shard] = digest;
  for (const entry of lines.toString("utf8").trimEnd().split("\\n").map(JSON.parse)) {
    if (entry.shard_seq !== ++places[entry.shard]) throw new Error("gap");
    if (parseInt(sha256(entry.user_id).slice(0, 8), 16) % ends.length !== entry.shard) throw new Error("shard");
    points[entry.user_id] = (points[entry.user_id] || 0) + entry.points;
    grams[entry.user_id] = (grams[entry.user_id] || 0n) + BigInt(entry.emission_reductions_ng);
  }
}
manifest.shards.forEach((end, shard) => { if (end.digest !== ends[shard]) throw new Error("end"); });
const exact = Object.fromEntries(Object.entries(grams).map(([user, ng]) => [user, ng.toString()]));
console.log(JSON.stringify({ points, exact }));
"""


def node(lake: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("node"):
        pytest.skip("Node is not on this machine: its reader was not tried")
    return subprocess.run(["node", "-e", NODE, str(lake)], capture_output=True, text=True, timeout=60)


def test_node_reads_the_json_lines_and_follows_the_chains(whole_story: Book) -> None:
    told = json.loads(node(whole_story.root).stdout)
    exact: Counter[str] = Counter()
    for entry in whole_story.entries():
        exact[entry["user_id"]] += int(entry["emission_reductions_ng"])
    assert told == {"points": held(whole_story), "exact": {user: str(ng) for user, ng in exact.items()}}
    assert {shard_of(user) for user in told["points"]} == {0, 1, 2}


def test_node_notices_a_line_that_was_changed(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    lines = sorted((book.root / "published").glob("segments/ledger_entry/*/*.jsonl"))[0]
    lines.write_bytes(lines.read_bytes().replace(b'"points":', b'"points":1', 1))
    assert "segments/ledger_entry" in node(book.root).stderr
