"""What the ledger owes after each act, in plain Python: entries, states, vintages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from tests.simulator.due import AWARDED, WAITS, WINDOW, Entry, Look, Scope, Stood, Vintage
from tests.simulator.posting import Posting
from tests.simulator.tellings import OwnerSaid, Said, StationSaid, Telling
from tests.simulator.world import DAY, HOUR, ZONE


@dataclass
class Expected(Posting):
    """The ledger as it must be."""

    before_hold: dict[str, str] = field(default_factory=dict)
    was_held: bool = False  # something was, once: what is due depends on when it came
    fresh: set[str] = field(default_factory=set)  # lineages of which something arrived since all was accounted

    def scoped(self, scope: Scope) -> set[str]:
        """Lineages that a run of this scope looks at: by where they are, or where they were."""
        found = set()
        for lineage in self.facts.received:
            placed, was = self.facts.placed(lineage), self.stood.get(lineage)
            now: Vintage = (placed.programme, placed.vintage) if placed else (None, None)
            if now[0] is None or scope.holds(now) or (was and scope.holds(was.vintage)):
                found.add(lineage)
        return found

    def account(self, clock: datetime, touched: set[str], scope: Scope, unsure: Iterable[str] = ()) -> list[Entry]:
        """Post what these lineages lack, then judge the vintages of the scope; returns the entries."""
        found = self.look()
        judged = {vintage for vintage, is_final in self.final.items() if not is_final and scope.holds(vintage)}
        for placed in (self.facts.placed(each) for each in touched):
            if placed and placed.programme:
                judged.add((placed.programme, placed.vintage))
        after = dict(self.final)
        for programme, day in judged:
            assert programme and day
            over = datetime.combine(day + DAY, time(0), ZONE[programme]).astimezone(UTC) + WINDOW[programme]
            after[programme, day] = self.is_final((programme, day)) or clock >= over
        entries = list(self._post(found, touched, after, set()))
        self.unsure = self.unsure | set(unsure) if scope != Scope() else set()
        self.final = after
        self._remember(found, touched)
        return entries

    def arrived(self, rows: Iterable[Said]) -> None:
        """Note of whom something arrived since all was accounted: told themselves, their owner, station or hour."""
        for row in rows:
            if isinstance(row, Telling | OwnerSaid):
                self.fresh.add(row.lineage)
                continue
            for lineage, revisions in self.facts.revisions.items():
                for told in (each.telling for each in revisions):
                    if isinstance(row, StationSaid):
                        concerned = told.station == row.station
                    else:
                        concerned = (
                            told.start < row.hour + HOUR and row.hour < told.end and told.region in ("", row.region)
                        )
                    if concerned:
                        self.fresh.add(lineage)

    def unconcerned(self) -> set[str]:
        """What would give way now to a change that waits, while nothing arrived of it or beside it: no run looks at it."""
        held = {each for each in self.look().held if self.stood[each].state != WAITS and each not in self.pins}
        if not (held := held - self.fresh):
            return set()
        beside = {each: self._beside(each) for each in self.facts.received}
        concerned = set[object]().union(*(beside[each] for each in self.fresh))
        elsewhere = {each for each, places in beside.items() if len(places) > 1}
        while more := {each for each in elsewhere if beside[each] & concerned}:
            concerned = concerned.union(*(beside[each] for each in more))
            elsewhere -= more
        return {each for each in held if not beside[each] & concerned}

    def _beside(self, lineage: str) -> set[object]:
        """Connectors and capped accounts of vintages where it is told, and where it stood."""
        was = self.stood[lineage].placed if lineage in self.stood else None
        found: set[object] = set()
        for placed in (self.facts.placed(lineage), was):
            if placed and placed.connector:
                found.add(placed.connector)
            if placed and placed.programme == self.caps[0]:
                found.add((placed.user, placed.vintage))
        return found

    def approve(self, lineages: set[str], touched: set[str]) -> list[Entry]:
        """Post what is due to these lineages, final or not; no vintage is judged."""
        found, after = self.look(released=lineages), dict(self.final)
        for placed in (self.facts.placed(each) for each in touched):
            if placed and placed.programme:
                after.setdefault((placed.programme, placed.vintage), False)
        entries = list(self._post(found, touched, after, lineages))
        self.final = after
        self._remember(found, touched, lineages)
        return entries

    def reject(self, lineages: set[str]) -> list[Entry]:
        """Pin what stands, as long as the inputs are these."""
        now = {lineage: placed for lineage in self.facts.revisions if (placed := self.facts.placed(lineage))}
        found = self._look(now, set(), set())
        self.pins |= {each: (*found.own(each), found.aside.get(each)) for each in lineages}
        self._remember(self.look(), lineages)
        return []

    def _remember(self, found: Look, touched: set[str], released: Iterable[str] = ()) -> None:
        """Write the states of what was looked at."""
        for lineage in touched - found.held:
            self.stood[lineage] = self._fresh(found, lineage)
            self.before_hold.pop(lineage, None)
        waiting = self._proposed(found, set(released))
        for lineage in touched & found.held:
            was = self.stood[lineage]
            if lineage in waiting:
                self.before_hold.setdefault(lineage, was.state)
                self.was_held = True
            state = WAITS if lineage in waiting else self.before_hold.pop(lineage, was.state)
            self.stood[lineage] = replace(was, state=state)
        for lineage in touched - found.pinned:
            self.pins.pop(lineage, None)

    def _proposed(self, found: Look, released: set[str]) -> set[str]:
        """Of what is held, what would change if all of it were approved; what only stands aside for others keeps its state."""
        held = found.held - found.pinned
        approved = self.look(released=held | released) if held else found
        return {lineage for lineage in held if self.differing(approved, lineage)}

    def _fresh(self, found: Look, lineage: str) -> Stood:
        placed, amounts = found.placed.get(lineage), found.amounts.get(lineage)
        if placed is None:
            state = "quarantined"
        elif lineage in found.aside:
            state = found.aside[lineage]
        elif self.facts.is_credit_alone(lineage):
            state = "awaiting original"
        elif placed.is_withdrawn:
            state = "withdrawn"
        elif placed.region is None:
            state = "awaiting station"
        elif placed.programme is None:
            state = "outside"
        elif amounts is None:
            state = "awaiting grid"
        elif placed.user is None:
            state = "awaiting owner"
        else:
            state = "not awarded" if found.awarded[lineage][1] else AWARDED
        return Stood(state, placed, amounts)

    def adopt_vintages(self, told: dict[Vintage, bool]) -> None:
        """Believe what is published of the vintages of lineages that a run may have looked at, or not yet."""
        for lineage in self.unsure:
            placed = self.facts.placed(lineage)
            for vintage in [(placed.programme, placed.vintage)] if placed and placed.programme else []:
                if vintage in told:
                    self.final[vintage] = told[vintage] or self.is_final(vintage)
                elif not self.is_final(vintage):
                    self.final.pop(vintage, None)

    def left(self) -> list[date]:
        """Days on which something ended before it was told otherwise: a run of such a day takes back what stands there."""
        moved = []
        for lineage, was in sorted(self.stood.items()):
            now, (_, day) = self.facts.placed(lineage), was.vintage
            if day and was.state == AWARDED and (now is None or now.vintage != day):
                moved.append(day)
        return moved

    def waiting(self) -> set[str]:
        return {lineage for lineage, was in self.stood.items() if was.state == WAITS}

    def state(self, lineage: str) -> str:
        """The state as it is published."""
        was = self.stood[lineage]
        return ("final" if self.is_final(was.vintage) else "provisional") if was.state == AWARDED else was.state
