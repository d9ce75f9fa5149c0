"""What is done to the ledger in a life, and what readers see of it: each act held against what is owed as soon as it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chargeledger import asking, flow
from chargeledger.errors import Refused
from tests.simulator.arrivals import Arrivals, File
from tests.simulator.due import Scope
from tests.simulator.holding import hold
from tests.simulator.identities import hold_hidden
from tests.simulator.stumble import Died, dies_at, overtaken_by
from tests.simulator.tellings import text
from tests.simulator.world import CN, DAY, HOUR, MINUTE, US, ZONE


class Acts(Arrivals):
    """Accounting, deciding, closing and publishing: whole, of a scope, cut off, overtaken."""

    def account(self) -> None:
        self.dear += 2
        at = self.now
        self._accounted(flow.account(self.book.lake, at=text(at)), Scope(), at)

    def account_scope(self) -> None:
        self.dear += 2
        scope = self._scope()
        vintages = f"{scope.first}..{scope.last}" if scope.first else None
        self.say(f"      {vintages} {scope.programme}")
        done = flow.account(self.book.lake, vintages, scope.programme, at=text(self.now))
        self._accounted(done, scope, self.now)
        self.publish()

    def _scope(self) -> Scope:
        programme = self.random.choice((None, None, CN, US))
        day = self.random.choice(self.expected.left() or [self.world.night + days * DAY for days in (-2, -1, 0)])
        scope = Scope(programme, day, day + self.random.choice((0, 0, 1)) * DAY)
        return Scope(programme or CN) if self.random.random() < 0.25 else scope

    def _accounted(self, done: dict[str, Any] | None, scope: Scope, at: datetime) -> None:
        """Take the new entries and hold them against what this accounting owes."""
        version, new = self.reading.version, self.reading.arrived()
        clock = max(at, self.clock)
        touched, unsure = self.expected.scoped(scope), set[str]()
        if scope != Scope():
            posted, coupled = {row["session_id"] for row in new}, self._coupled()
            unsure = coupled - posted
            touched = (touched - coupled) | (coupled & posted)
        touched -= self.expected.unconcerned()
        owed = self.expected.account(clock, touched, scope, unsure)
        self.reading.held_to(new, owed, f"accounting of {scope} at {text(clock)}")
        if done is not None:
            hold("posted_entries", done["posted_entries"], len(new))
            if scope == Scope():
                hold("what waits for approval", set(done["held"]), self.expected.waiting())
        if self.reading.version > max(version, 0):  # a table without a commit tells no clock
            self.clock = clock
        self._receipted(clock, scope)
        if scope == Scope():
            self.news = 0
            self.expected.fresh.clear()

    def _receipted(self, clock: datetime, scope: Scope | None, decided: tuple[str, str] | None = None) -> None:
        """The receipt of what was just committed says what was asked, when, and what waits after it."""
        for commit in self.reading.commits:
            commit.hold_asked(text(clock), scope.as_json() if scope else None, decided)
            if scope == Scope():
                hold("10 a receipt names what waits", set(commit.receipt["held"]), self.expected.waiting())

    def _coupled(self) -> set[str]:
        """Lineages that others can move: under a cap, or on a connector. A run of a scope may look at them, or not yet."""
        facts = self.expected.facts
        placed = [found for each in facts.revisions if (found := facts.placed(each))]
        return {each.lineage for each in placed if each.connector or self.world.caps[0]} | self.expected.waiting()

    def account_that_dies(self) -> None:
        self.dear += 2
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
        """Another writer commits everything or a part, closes a month or stages a file after this one has read."""
        self.dear += 4
        at, later = self.now, self.random.random() < 0.5
        kind = self.random.choice(("account", "account of a scope", "ingest", "close"))
        waiting: list[File] = []

        def other() -> None:
            self.say(f"      overtaken: {kind}")
            self.raced += 1
            if later:
                self.now += self.random.choice((MINUTE, 6 * HOUR, 31 * DAY))
            if kind == "close":
                self.close()
            elif kind == "account of a scope":
                self.account_scope()
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
        if self.news:
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
            hold_hidden(str(refusal).encode(), "a refusal")
            hold("a decision goes through", self.world.has_connectors or bool(self.world.caps[0]), True, str(refusal))
            return
        self._decided(kind, lineages)
        self._receipted(self.clock, Scope(), (kind, receipt))

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
            hold_hidden(str(refusal).encode(), "a refusal")
            hold("a month that is over closes", is_over, False, str(refusal))
            return
        hold("a month closes once, when it is over", (is_new, is_over), (True, True), f"{programme} {month}")
        self.say(f"      {programme} {month}")
        self.expected.closed.setdefault(programme, []).append(month)
        self.clock = clock
        hold("a close posts nothing", self.reading.arrived(), [])
        self._receipted(clock, None)

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
        self.dear += 1

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
