"""What arrives in a life: files of any rows in any order, again, or cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from chargeledger import flow
from tests.ledger.book import Book
from tests.simulator.consumer import Consumer
from tests.simulator.expected import Expected
from tests.simulator.facts import Fates, Sent
from tests.simulator.holding import hold
from tests.simulator.reading import Reading, rows_of
from tests.simulator.stumble import Died, Fired, dies_at
from tests.simulator.tellings import Said, Telling, text
from tests.simulator.world import DAY, HOUR, MINUTE, World

# Files of these sources that landed before are staged before: they tell rows of the same relation.
BEFORE = {"session_owner_csv": ("session_csv", "session_owner_csv")}
PAUSES = (MINUTE, 6 * HOUR, DAY, 2 * DAY, 3 * DAY, 31 * DAY, 31 * DAY)


@dataclass
class File:
    """A file beside the lake, and what becomes of it."""

    source: str
    path: Path
    rows: tuple[Said, ...]
    sent: Sent | None = None
    is_staged: bool = False


class Arrivals:
    """A world, its lake, what the lake owes and who reads it; and everything that can arrive."""

    def __init__(self, seed: int, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.seed, self.say = seed, say
        self.random = Random(f"life {seed}")
        self.world = World(Random(f"world {seed}"))
        self.book = Book(folder)
        self.expected = Expected(self.world.caps)
        self.reading = Reading(self.book, self.world.caps[0])
        self.now = self.clock = self.world.start
        self.files: list[File] = []
        self.pool: list[Said] = []
        self.landings = 0
        self.dear = self.news = 0
        self.readers = [Consumer(Random(f"reader {seed}")), Consumer(Random(f"shard {seed}"), shard=seed % 4)]
        self.raced = self.died = 0

    def sessions(self) -> None:
        """Something new, something that was kept back, something told before, in one file and in any order."""
        self._tell()
        count = min(len(self.pool), self.random.randint(2, 6))
        rows = [self.pool.pop(self.random.randrange(len(self.pool))) for _ in range(count)]
        told = [row for each in self.files for row in each.rows if isinstance(row, Telling)]
        rows += [self.random.choice(told) for _ in range(self.random.choice((0, 0, 1, 2))) if told]
        self.random.shuffle(rows)
        self.ingest("session_csv", rows)

    def _tell(self) -> None:
        is_first = not self.world.tellings
        for _ in range(6 if is_first else self.random.randint(2, 4)):
            kind = self.random.random() / (3 if is_first else 1)
            told: Telling | None = self.world.charge() if kind < 0.35 or not self.world.tellings else None
            if told is None and kind < 0.5 and self.world.has_connectors:
                told = self.world.rival()
            told = told or self.world.correction(self._posted())
            if told:
                self.pool.append(told)

    def _posted(self) -> list[str]:
        """Lineages of which something stands in the ledger."""
        return sorted(
            each for each, keys in self.expected.posted.items() if any(parts[:2] != (0, 0) for parts in keys.values())
        )

    def hours(self) -> None:
        """Hours of the grid: missing ones, and now and then one that is restated."""
        known = self.expected.facts.grid
        wanted = self.world.hours()
        if not wanted:
            return
        missing, random = [hour for hour in wanted if hour not in known], self.random
        chosen = missing if random.random() < 0.6 else random.sample(missing, len(missing) // 2)
        restated = [hour for hour in wanted if hour in known]
        chosen += random.sample(restated, min(len(restated), random.choice((0, 1, 2, 3))))
        self.ingest("grid_mix_csv", [self.world.hour(*hour) for hour in chosen])

    def owner(self) -> None:
        if said := self.world.owner():
            self.ingest("session_owner_csv", [said])

    def station(self) -> None:
        self.ingest("station_csv", [self.world.station()])

    def again(self) -> None:
        if self.files:
            self._send(self.random.choice(self.files))

    def ingest(self, source: str, rows: list[Said]) -> None:
        if rows:
            self._send(self._file(source, rows))

    def _file(self, source: str, rows: list[Said]) -> File:
        told = [row.row() for row in rows]
        lines = [",".join(told[0]), *(",".join(row.values()) for row in told)]
        content = "\n".join(lines) + "\n"
        for known in self.files:
            if known.path.read_text(encoding="utf-8") == content:
                return known
        path = self.book.sent / f"{len(self.files):03d}_{source}.csv"
        path.write_text(content, encoding="utf-8")
        self.files.append(File(source, path, tuple(rows)))
        return self.files[-1]

    def _send(self, file: File) -> None:
        self.say(f"      {file.path.name}: {len(file.rows)} rows")
        was_staged = file.is_staged
        told = flow.ingest(file.source, [str(file.path)], self.book.lake, text(self.now))[0]
        self._landed(file, self.now)
        fates = self._staged(file)
        hold("a file is taken up once", told["is_new"], not was_staged, file.path.name)
        if fates and not was_staged:
            owed = {f"rows_{name}": rows for name, (rows, _) in fates.items()}
            hold("1 fates of rows", {name: told[name] for name in owed}, owed, file.path.name)

    def _landed(self, file: File, at: datetime) -> None:
        if file.sent is None:
            self.landings += 1
            self.clock = max(self.clock, at)
            file.sent = Sent(file.path.name, file.rows, self.landings, self.clock)

    def _staged(self, file: File) -> Fates | None:
        """What landed before and still waits is staged first."""
        fates: Fates | None = None
        assert file.sent
        for each in sorted((f for f in self.files if f.sent and not f.is_staged), key=lambda f: f.sent.landing_seq):  # type: ignore[union-attr]
            assert each.sent
            if (
                each.source in BEFORE.get(file.source, (file.source,))
                and each.sent.landing_seq <= file.sent.landing_seq
            ):
                fates = self.expected.facts.stage(each.sent)
                self.reading.batches.hold(each.path, len(each.rows), fates)
                self.expected.arrived(each.rows)
                each.is_staged = True
                self.news += 1
        return fates

    def ingest_that_dies(self) -> None:
        """The file may have landed, and it, or what waited before it, may have been staged; the registers say so."""
        self._tell()
        if not self.pool:
            return
        file = self._file("session_csv", [self.pool.pop() for _ in range(min(3, len(self.pool)))])
        try:
            with dies_at(self.random.randint(1, 12), after=self.random.random() < 0.5) as fired:
                flow.ingest(file.source, [str(file.path)], self.book.lake, text(self.now))
        except Died:
            self._died(fired)
        landed = {row["file_name"]: row["landing_digest"] for row in rows_of(self.book, "landing_file")}
        if file.path.name in landed:
            self._landed(file, self.now)
        staged = {row["landing_digest"] for row in rows_of(self.book, "batch") if row["state"] == "staged"}
        for each in self.files:
            if not each.is_staged and landed.get(each.path.name) in staged:
                self._staged(each)

    def _died(self, fired: Fired) -> None:
        self.died += 1
        self.say(f"      died at {fired.at}")

    def pause(self) -> None:
        self.now += self.random.choice(PAUSES)
