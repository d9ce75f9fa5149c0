"""One life of a lake: acts drawn from a seed, each held against what is expected as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from chargeledger import asking, flow
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger import plain_reading
from tests.ledger.book import Book
from tests.simulator.consumer import Consumer
from tests.simulator.expected import Expected, Scope
from tests.simulator.facts import Sent
from tests.simulator.reading import Reading, hold, rows_of
from tests.simulator.stumble import Died, Fired, dies_at, overtaken_by
from tests.simulator.twin import held, on_time
from tests.simulator.world import CN, DAY, HOUR, MINUTE, US, ZONE, Said, Telling, World, text

# Files of these sources that landed before are staged before: they tell rows of the same relation.
BEFORE = {"session_owner_csv": ("session_csv", "session_owner_csv")}
PAUSES = (MINUTE, HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 31 * DAY)
DEAREST = 3  # accountings and publications before the last ones


@dataclass
class File:
    """A file beside the lake, and what becomes of it."""

    source: str
    path: Path
    rows: tuple[Said, ...]
    sent: Sent | None = None
    is_staged: bool = False


class StoppedShort(Exception):
    """What comes next is known to be wrong: nothing can be held against it."""


class Life:
    """A world, its lake, what the lake owes, and who reads it."""

    def __init__(
        self, seed: int, folder: Path, say: Callable[[str], None] = lambda _: None, *, is_strict: bool = False
    ) -> None:
        self.seed, self.say, self.is_strict = seed, say, is_strict
        self.stopped = ""
        self.random = Random(f"life {seed}")
        self.world = World(Random(f"world {seed}"))
        self.book = Book(folder)
        self.expected = Expected(self.world.caps)
        self.reading = Reading(self.book, self.world.caps[0])
        self.now = self.clock = self.world.start
        self.files: list[File] = []
        self.pool: list[Said] = []
        self.landings = 0
        self.is_dirty = False
        self.dear = 0
        self.readers = [Consumer(Random(f"reader {seed}")), Consumer(Random(f"shard {seed}"), shard=seed % 4)]
        self.raced = self.died = 0

    def live(self, steps: int | None = None) -> None:
        """Live through a number of steps, as many as the seed says where it is not given, and come to the end."""
        try:
            for number in range(self.random.randint(8, 13) if steps is None else steps):
                name, act = self._choose()
                self.say(f"{number + 1:3d} {text(self.now)} {name}")
                act()
            self._end()
        except StoppedShort as known:
            self.stopped = str(known)
            self.say(f"      stopped short: {known}")

    def _choose(self) -> tuple[str, Callable[[], object]]:
        acts: list[tuple[float, str, Callable[[], object]]] = [
            (6, "sessions", self.sessions),
            (1.5, "hours", self.hours),
            (1.2, "an owner", self.owner),
            (1, "a station", self.station),
            (0.7, "a file again", self.again),
            (2.5, "a pause", self.pause),
            (1, "a month closes", self.close),
            (0.8, "an ingest that dies", self.ingest_that_dies),
        ]
        if self.book.root.exists() and self.dear < DEAREST:
            acts += [
                (5 * self.is_dirty + 0.3, "accounting", self.account),
                (1.5 * self.is_dirty + 0.1, "accounting of a scope", self.account_scope),
                (1.0, "publishing", self.publish),
                (1.5 * self.is_dirty + 0.1, "an accounting that dies", self.account_that_dies),
                (0.6, "a publishing that dies", self.publish_that_dies),
                (1.2, "an accounting that is overtaken", self.account_overtaken),
                (0.4, "a publishing that is overtaken", self.publish_overtaken),
            ]
            if self.expected.waiting():
                acts.append((5, "a decision", self.decide))
        if self.reading.number:
            acts.append((1.5, "crediting", self.credit))
        if not self.files:
            return "sessions", self.sessions
        _, name, act = self.random.choices(acts, [weight for weight, *_ in acts])[0]
        return name, act

    # What arrives.

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
        missing = [hour for hour in wanted if hour not in known]
        chosen = missing if self.random.random() < 0.6 else self.random.sample(missing, len(missing) // 2)
        chosen += [self.random.choice(wanted)] if self.random.random() < 0.5 or not chosen else []
        self.ingest("grid_mix_csv", [self.world.hour(*hour) for hour in dict.fromkeys(chosen)])

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
        if file.source == "session_csv" and not was_staged:
            owed = {f"rows_{name}": count for name, count in fates.items()}
            hold("1 fates of rows", {name: told[name] for name in owed}, owed, file.path.name)

    def _landed(self, file: File, at: datetime) -> None:
        if file.sent is None:
            self.landings += 1
            self.clock = max(self.clock, at)
            file.sent = Sent(file.path.name, file.rows, self.landings, self.clock)

    def _staged(self, file: File) -> dict[str, int]:
        """What landed before and still waits is staged first."""
        fates: dict[str, int] = {}
        assert file.sent
        for each in sorted((f for f in self.files if f.sent and not f.is_staged), key=lambda f: f.sent.landing_seq):  # type: ignore[union-attr]
            assert each.sent
            if (
                each.source in BEFORE.get(file.source, (file.source,))
                and each.sent.landing_seq <= file.sent.landing_seq
            ):
                fates = self.expected.facts.stage(each.sent)
                each.is_staged = self.is_dirty = True
        return fates

    def ingest_that_dies(self) -> None:
        """The file may have landed, and may have been staged; the registers say so."""
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
            if landed[file.path.name] in staged:
                self._staged(file)

    def _died(self, fired: Fired) -> None:
        self.died += 1
        self.say(f"      died at {fired.at}")

    # What time does.

    def pause(self) -> None:
        self.now += self.random.choice(PAUSES)

    # What the ledger does.

    def account(self) -> None:
        self.dear += 1
        at = self.now
        self._accounted(flow.account(self.book.lake, at=text(at)), Scope(), at)

    def account_scope(self) -> None:
        self.dear += 2
        programme = self.random.choice((None, None, CN, US))
        day = self.world.night + self.random.choice((-2, -1, 0)) * DAY
        scope = Scope(programme, day, day + self.random.choice((0, 0, 1)) * DAY)
        if self.random.random() < 0.25:
            scope = Scope(programme or CN)
        vintages = f"{scope.first}..{scope.last}" if scope.first else None
        self.say(f"      {vintages} {scope.programme}")
        done = flow.account(self.book.lake, vintages, scope.programme, at=text(self.now))
        self._accounted(done, scope, self.now)
        self.publish()

    def _accounted(self, done: dict[str, Any] | None, scope: Scope, at: datetime) -> None:
        """Take the new entries and hold them against what this accounting owes."""
        self._stay_clear()
        version, new = self.reading.version, self.reading.arrived()
        clock = max(at, self.clock)
        touched, unsure = self.expected.scoped(scope), set[str]()
        if scope != Scope():
            posted, coupled = {row["session_id"] for row in new}, self._coupled()
            unsure = coupled - posted
            touched = (touched - coupled) | (coupled & posted)
        owed = self.expected.account(clock, touched, scope, unsure)
        self.reading.held_to(new, owed, f"accounting of {scope} at {text(clock)}")
        if done is not None:
            hold("posted_entries", done["posted_entries"], len(new))
            if scope == Scope():
                hold("what waits for approval", set(done["held"]), self.expected.waiting())
        if self.reading.version != version:
            self.clock = clock
        if scope == Scope():
            self.is_dirty = False

    def _stay_clear(self) -> None:
        """End a life that comes upon a bug that is known and open, unless it is asked to go there."""
        if not self.is_strict and (found := self.expected.open_bugs()):
            raise StoppedShort(", ".join(found))

    def _coupled(self) -> set[str]:
        """Lineages that others can move: under a cap, or on a connector. A run of a scope may look at them, or not yet."""
        facts = self.expected.facts
        placed = [found for each in facts.revisions if (found := facts.placed(each))]
        return {each.lineage for each in placed if each.connector or self.world.caps[0]} | self.expected.waiting()

    def account_that_dies(self) -> None:
        self.dear += 1
        try:
            with dies_at(self.random.randint(1, 45), after=self.random.random() < 0.5) as fired:
                done = flow.account(self.book.lake, at=text(self.now))
            self._accounted(done, Scope(), self.now)
        except Died:
            self._died(fired)
            if self._has_committed():
                self._accounted(None, Scope(), self.now)

    def _has_committed(self) -> bool:
        before = self.reading.version
        after = len([*(self.book.root / "ledger" / "ledger_entry" / "_delta_log").glob("*.json")]) - 1
        return after > max(before, 0)

    def account_overtaken(self) -> None:
        """Another writer commits, closes a month or stages a file after this one has read."""
        self.dear += 2
        at, later = self.now, self.random.random() < 0.5
        kind = self.random.choice(("account", "account", "ingest", "close"))
        waiting: list[File] = []

        def other() -> None:
            self.say(f"      overtaken: {kind}")
            self.raced += 1
            if later:
                self.now += self.random.choice((MINUTE, 6 * HOUR, 31 * DAY))
            if kind == "close":
                self.close()
            else:
                self._tell()
                rows, self.pool = self.pool[:4], self.pool[4:]
                if rows and kind == "account":
                    self.ingest("session_csv", rows)
                elif rows:
                    waiting.append(self._file("session_csv", rows))
                    flow.ingest("session_csv", [str(waiting[0].path)], self.book.lake, text(self.now))
            if kind == "account":
                self._accounted(flow.account(self.book.lake, at=text(self.now)), Scope(), self.now)

        with overtaken_by(other, "ledger_entry"):
            done = flow.account(self.book.lake, at=text(at))
        self._accounted(done, Scope(), at)
        for file in waiting:
            self._landed(file, self.now)
            self._staged(file)

    def decide(self) -> None:
        """Somebody approves, rejects or renews what waits."""
        if self.is_dirty:
            self.account()
        waiting = self.expected.waiting()
        proposals = [each for each in asking.proposals(self.book.lake) if each.state == "waiting"]
        named = {
            each.receipt: {row["session_id"] for row in asking.proposal(each.receipt, self.book.lake)[1]}
            for each in proposals
        }
        hold("what waits is proposed", waiting - {lineage for found in named.values() for lineage in found}, set())
        if not waiting:
            return
        self.dear += 1
        receipt = self.random.choice(sorted(named))
        kind, lineages = (
            self.random.choice(("approve", "approve", "reject", "reject", "renew")),
            named[receipt] & waiting,
        )
        self.say(f"      {kind} {sorted(lineages)}")
        try:
            flow.decide(kind, receipt, "auditor", "read again", self.book.lake, text(self.now))
        except Refused as refusal:
            hold("a decision goes through", self.world.has_connectors or bool(self.world.caps[0]), True, str(refusal))
            return
        self._decided(kind, lineages)

    def _decided(self, kind: str, lineages: set[str]) -> None:
        new = self.reading.arrived()
        touched = lineages | {row["session_id"] for row in new if row["session_id"] in self._coupled()}
        if kind == "approve":
            owed = self.expected.approve(lineages, touched)
        else:
            owed = self.expected.reject(lineages) if kind == "reject" else []
        self.reading.held_to(new, owed, kind)
        self.clock = max(self.clock, self.now)

    def close(self) -> None:
        """The next month of a programme, if there is one, and only if it is over."""
        programme = self.random.choice((CN, US))
        month = self.expected.closable(programme)
        clock = max(self.now, self.clock)
        if month is None or not self.book.root.exists():
            return
        is_over = month < clock.astimezone(ZONE[programme]).date().isoformat()[:7]
        try:
            _, is_new = flow.period_close(month, "auditor", programme, self.book.lake, text(self.now))
        except Refused as refusal:
            hold("a month that is over closes", is_over, False, str(refusal))
            return
        hold("a month closes once, when it is over", (is_new, is_over), (True, True), f"{programme} {month}")
        self.say(f"      {programme} {month}")
        self.expected.closed.setdefault(programme, []).append(month)
        self.clock = clock
        hold("a close posts nothing", self.reading.arrived(), [])

    # What readers see.

    def publish(self) -> None:
        self.dear += 1
        flow.publish(self.book.lake, text(self.now))
        self._published(exact=True)

    def _published(self, *, exact: bool) -> None:
        self.reading.publication(self.expected if exact else None)

    def publish_that_dies(self) -> None:
        self.dear += 1
        try:
            with dies_at(self.random.randint(1, 25), after=self.random.random() < 0.5) as fired:
                flow.publish(self.book.lake, text(self.now))
        except Died:
            self._died(fired)
        self._published(exact=True)

    def publish_overtaken(self) -> None:
        """The ledger moves on while a publication is made: it holds what it read."""
        self.dear += 2

        def other() -> None:
            self.say("      overtaken")
            self.raced += 1
            self.sessions()
            self.account()

        with overtaken_by(other, ""):
            flow.publish(self.book.lake, text(self.now))
        self._published(exact=False)

    def credit(self) -> None:
        self.random.choice(self.readers).take(self.book.lake)

    # How it ends.

    def _end(self) -> None:
        """Everything arrives, everything is accounted and credited; then nothing is left to do."""
        self.say(f"end {text(self.now)}")
        while self.pool:
            self.ingest("session_csv", [self.pool.pop() for _ in range(min(4, len(self.pool)))])
        if not self.files:
            return
        for file in [each for each in self.files if not each.is_staged]:
            self._send(file)
        if self.random.random() < 0.5:
            self.ingest(
                "grid_mix_csv", [self.world.hour(*h) for h in self.world.hours() if h not in self.expected.facts.grid]
            )
        self.account()
        done = flow.account(self.book.lake, at=text(self.now))
        hold("accounting again posts nothing", (done["receipt"], done["posted_entries"]), (None, 0))
        self.publish()
        self._credited()
        plain_reading.rows_and_wh_close(self.book)
        states = plain_reading.every_lineage_has_one_state(self.book)
        hold("12 every lineage has a state", sum(states.values()), len(self.expected.facts.received))
        if self.random.random() < 0.25:
            self._as_on_time()
        if self.random.random() < 0.1:
            self._as_an_auditor()

    def _as_on_time(self) -> None:
        """Where nothing was held, late for its claim, or decided by who came first, the mess makes no difference."""
        if self.expected.was_held or self.world.has_connectors or self.world.caps[0]:
            return
        found = self.expected.look()
        late = {lineage for lineage, (_, reason) in found.awarded.items() if reason == "late"}
        owed = on_time(self.book.folder / "twin", self.expected.facts, self.world.start, self.clock)
        mine = held(self.reading.entries)
        same = [{key: amounts for key, amounts in each.items() if key[1] not in late} for each in (mine, owed)]
        hold("6 late data end where data on time do", *same)
        self.say("      as a lake that was told everything on time")

    def _as_an_auditor(self) -> None:
        """Everything verifies, and a run computed again is the same."""
        count = len(list(verify(Lake(self.book.lake))))
        receipts = sorted(path.stem for path in (self.book.root / "receipts").glob("*.json"))
        chosen = self.random.choice(receipts) if receipts else None
        difference = asking.rerun(chosen, self.book.lake)["difference"] if chosen else None
        hold("5 a run computed again is the same", difference, None, str(chosen))
        self.say(f"      {count} verifications; computed again: {chosen}")

    def _credited(self) -> None:
        for reader in self.readers:
            reader.take(self.book.lake, until_done=True)
        whole = self.readers[0]
        hold("every entry is credited once", len(whole.credited), len(self.reading.entries))
        held = {(row["programme"], row["user_id"]): row["points"] for row in self.book.published("user_points")}
        hold("credits are what is published", dict(whole.points()), held)
