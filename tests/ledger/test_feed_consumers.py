"""Reward services that read the feed: one that crashes wherever it can, and as a process is killed, and ends exact; and some in
other languages, which go on from a place.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.book import Book, charge
from tests.ledger.crediting import Careless, Consumer
from tests.ledger.test_feed_shards import shard_of

ROOT = Path(__file__).resolve().parents[2]


class Crash(Exception):
    """The process ends here."""


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
        assert consumer.credits() == (entries, entries)
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


def live(book: Book, path: Path, kind: type[Consumer], place: int | None = None) -> tuple[int, int]:
    """A consumer as a process, killed where it stands at a place, or left to its end; its credits, and what it acknowledged."""
    command = [sys.executable, "-m", "tests.ledger.crediting", kind.__name__, str(path), book.lake]
    command += [] if place is None else [str(place)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        if place is not None:
            assert process.stdout.readline() == "here\n"
            process.kill()
        assert process.wait(timeout=120) == (0 if place is None else -signal.SIGKILL)
    left = kind(path)
    found = left.credits()[0], left.acknowledged()
    left.con.close()
    return found


@pytest.mark.parametrize(("kind", "credits"), [(Consumer, (5, 10, 22)), (Careless, (5, 15, 32))])
def test_a_process_killed_between_credit_and_acknowledge_is_started_again_and_ends_exact(
    whole_story: Book, tmp_path: Path, kind: type[Consumer], credits: tuple[int, int, int]
) -> None:
    """Killed twice, each time with five entries credited that are not acknowledged; who is careless credits them twice."""
    path, entries = tmp_path / "credit.sqlite", len(whole_story.entries())
    assert live(whole_story, path, kind, 5) == (credits[0], 0)
    assert live(whole_story, path, kind, 12) == (credits[1], 5)  # the first five again and acknowledged, and five more
    assert live(whole_story, path, kind) == (credits[2], entries)
    consumer = kind(path)
    assert consumer.credits() == (credits[2], entries)
    assert (consumer.credited() == held(whole_story)) == (kind is Consumer)
    consumer.con.close()


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


def shell(lake: Path, script: str) -> dict[str, int]:
    """Points per user, as a shell with `jq` tells them."""
    if not shutil.which("jq"):
        pytest.skip("jq is not on this machine: the shell's reader was not tried")
    command = ["sh", "-euc", script]
    done = subprocess.run(command, cwd=lake, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return {user: int(points) for user, points in (line.split("\t") for line in done.stdout.splitlines())}


def test_a_shell_with_jq_reads_the_json_lines(whole_story: Book) -> None:
    """The lines of the README, as they stand there."""
    assert shell(whole_story.root, readme_block("sh", "jq")) == held(whole_story)


def without_segments(book: Book, folder: Path, through: int) -> Path:
    """A copy of what is published, without the files of the feed that end at a place or before: who opens one fails."""
    shutil.copytree(book.root / "published", folder / "published")
    for segment in book.manifest()["segments"]:
        if segment["relation"] == "ledger_entry" and segment["last_seq"] <= through:
            for name in ("path", "lines"):
                (folder / "published" / segment[name]).unlink()
    return folder


@pytest.mark.parametrize("after", [0, 10, 20, 21, 22])
def test_a_shell_with_jq_goes_on_after_a_place(whole_story: Book, tmp_path: Path, after: int) -> None:
    """The lines of the README with the place in both of their programs; files that hold nothing new are not opened."""
    script = readme_block("sh", "jq")
    for said, instead in (
        ('.relation == "ledger_entry"', f'.relation == "ledger_entry" and .last_seq > {after}'),
        ("reduce inputs as $e", f"reduce (inputs | select(.seq > {after})) as $e"),
    ):
        assert script.count(said) == 1
        script = script.replace(said, instead)
    owed: Counter[str] = Counter()
    for entry in whole_story.entries()[after:]:
        owed[entry["user_id"]] += entry["points"]
    assert shell(without_segments(whole_story, tmp_path, after), script) == dict(owed)


NODE = """
const fs = require("fs"), crypto = require("crypto"), published = process.argv[1] + "/published/";
const sha256 = (data) => crypto.createHash("sha256").update(data).digest("hex");
const current = fs.readFileSync(published + "CURRENT", "utf8").trim();
const manifest = JSON.parse(fs.readFileSync(published + current + "/manifest.json"));
const kept = JSON.parse(process.argv[2] || "{}"), points = {}, grams = {};
const ends = kept.ends || manifest.shards.map(() => null), places = kept.places || manifest.shards.map(() => 0);
for (const segment of manifest.segments.filter((s) => s.relation === "ledger_entry")) {
  if (segment.last_shard_seq <= places[segment.shard]) continue;
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
console.log(JSON.stringify({ points, exact, places, ends }));
"""


def node(lake: Path, kept: object = None) -> subprocess.CompletedProcess[str]:
    """Read on from the places and digests that were kept, by shard, or from the start."""
    if not shutil.which("node"):
        pytest.skip("Node is not on this machine: its reader was not tried")
    command = ["node", "-e", NODE, str(lake), *([json.dumps(kept)] if kept else [])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def exact(book: Book, after: int = 0) -> dict[str, str]:
    """Reductions per user in the entries after a place, as a reader without wide numbers has them: as text."""
    sums: Counter[str] = Counter()
    for entry in book.entries()[after:]:
        sums[entry["user_id"]] += int(entry["emission_reductions_ng"])
    return {user: str(ng) for user, ng in sums.items()}


def test_node_reads_the_json_lines_and_follows_the_chains(whole_story: Book) -> None:
    told = json.loads(node(whole_story.root).stdout)
    assert (told["points"], told["exact"]) == (held(whole_story), exact(whole_story))
    assert {shard_of(user) for user in told["points"]} == {0, 1, 2}


def test_node_goes_on_from_its_place_in_each_shard_and_notices_another_past(whole_story: Book, tmp_path: Path) -> None:
    """It read the second publication; of the fourth it opens no file that it had, and what it gets are the entries since."""
    last = json.loads((whole_story.root / "published/2/manifest.json").read_text())["last_seq"]
    assert 0 < last < len(whole_story.entries())
    before = tmp_path / "before"
    shutil.copytree(whole_story.root / "published", before / "published")
    (before / "published/CURRENT").write_text("2", encoding="utf-8")
    kept = json.loads(node(before).stdout)
    lake = without_segments(whole_story, tmp_path / "after", last)
    told = json.loads(node(lake, kept).stdout)
    assert told["exact"] == exact(whole_story, last)
    both = Counter(kept["points"])
    both.update(told["points"])
    assert (dict(both), sum(told["places"])) == (held(whole_story), len(whole_story.entries()))
    assert json.loads(node(lake, told).stdout) == {**told, "points": {}, "exact": {}}
    shard = next(number for number, place in enumerate(told["places"]) if place > kept["places"][number] > 0)
    kept["ends"][shard] = "0" * 64
    assert "Error: chain" in node(lake, kept).stderr


def test_node_notices_a_line_that_was_changed(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    lines = sorted((book.root / "published").glob("segments/ledger_entry/*/*.jsonl"))[0]
    lines.write_bytes(lines.read_bytes().replace(b'"points":', b'"points":1', 1))
    assert "segments/ledger_entry" in node(book.root).stderr
