"""One life of a lake: acts drawn from a seed until it comes to its end, and what must be so in the end."""

from __future__ import annotations

from collections.abc import Callable

from chargeledger import asking, flow
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger import plain_reading
from tests.simulator.acts import Acts
from tests.simulator.holding import hold
from tests.simulator.tellings import text
from tests.simulator.twin import held, on_time
from tests.simulator.world import DAY, US

DEAREST = 7  # what accountings and publications may cost before the last ones: a publication is 1


class Life(Acts):
    """All acts, chosen by the seed."""

    def live(self, steps: int | None = None) -> None:
        """Live through a number of steps, as many as the seed says where it is not given, and come to the end."""
        if steps is None and self.random.random() < 0.5:
            self._grow_old()
        for number in range(self.random.randint(8, 14) if steps is None else steps):
            name, act = self._choose()
            self.say(f"{number + 1:3d} {text(self.now)} {name}")
            act()
        self._end()

    def _grow_old(self) -> None:
        """What is told first is accounted, and its vintages come to be final: whatever is told of it later has to wait."""
        self.say(f"    {text(self.now)} grows old")
        self.sessions()
        if US in self.world.programmes:
            self.hours()
        self.now += 2 * DAY
        self.account()
        self.now += 40 * DAY
        self.account()
        self.dear = 0

    def _choose(self) -> tuple[str, Callable[[], object]]:
        acts: list[tuple[float, str, Callable[[], object]]] = [
            (6 / (1 + self.news), "sessions", self.sessions),
            (1.5 if US in self.world.programmes else 0, "hours", self.hours),
            (1.2, "an owner", self.owner),
            (1, "a station", self.station),
            (0.7, "a file again", self.again),
            (1 if self.news else 4, "a pause", self.pause),
            (1, "a month closes", self.close),
            (0.8, "an ingest that dies", self.ingest_that_dies),
        ]
        if self.book.root.exists() and self.dear < DEAREST:
            acts += [
                (2.5 * self.news, "accounting", self.account),
                ((2.5 if self.expected.left() else 0.8) * self.news, "accounting of a scope", self.account_scope),
                (0.8, "publishing", self.publish),
                (0.9 * self.news, "an accounting that dies", self.account_that_dies),
                (0.6, "a publishing that dies", self.publish_that_dies),
                (0.9 * self.news + 0.1, "an accounting that is overtaken", self.account_overtaken),
                (0.4, "a publishing that is overtaken", self.publish_overtaken),
            ]
            if self.expected.waiting():
                acts.append((8, "a decision", self.decide))
        if self.reading.number:
            acts.append((1.5, "crediting", self.credit))
        if not self.files:
            return "sessions", self.sessions
        if len(self.files) == 1 and US in self.world.programmes and self.random.random() < 0.8:
            return "hours", self.hours
        _, name, act = self.random.choices(acts, [weight for weight, *_ in acts])[0]
        return name, act

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
        plain_reading.hours_sum_to_readings(plain_reading.computed(self.book))
        self.say(f"      {count} verifications; computed again: {chosen}")

    def _credited(self) -> None:
        for reader in self.readers:
            reader.take(self.book.lake, until_done=True)
        whole = self.readers[0]
        hold("every entry is credited once", len(whole.credited), len(self.reading.entries))
        held = {(row["programme"], row["user_id"]): row["points"] for row in self.book.published("user_points")}
        hold("credits are what is published", dict(whole.points()), held)
