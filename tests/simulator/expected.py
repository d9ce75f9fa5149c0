"""What the ledger owes after each act, in plain Python: awards due, awards held, entries, vintages, months.

The words are those of the design: what is due is compared with what is posted, key by key; an award of a final vintage changes by
approval alone, and everything else is computed as if what is held or rejected still stood as posted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from tests.oracle.annual import Amounts
from tests.simulator.facts import Facts
from tests.simulator.world import CN, DAY, US, ZONE
from tests.simulator.worth import NOTHING, Candidate, Parts, Placed, assess, awards, set_aside

WINDOW = {CN: timedelta(days=30), US: timedelta(0)}
AWARDED, WAITS = "awarded", "awaiting approval"
PARTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
Key = tuple[str, str, date, str]  # programme, lineage, vintage, user: the order of entries inside a commit
Vintage = tuple[str | None, date | None]
Entry = dict[str, object]


@dataclass(frozen=True)
class Scope:
    """Which vintages of which programme are accounted; None is all."""

    programme: str | None = None
    first: date | None = None
    last: date | None = None

    def holds(self, vintage: Vintage) -> bool:
        programme, day = vintage
        if programme is None or self.programme not in (None, programme):
            return False
        return self.first is None or self.last is None or (day is not None and self.first <= day <= self.last)


@dataclass(frozen=True)
class Stood:
    """What a lineage was when its state was last written; a held one keeps what its award rests on."""

    state: str
    placed: Placed | None
    amounts: Amounts | None

    @property
    def vintage(self) -> Vintage:
        return (self.placed.programme, self.placed.vintage) if self.placed else (None, None)

    @property
    def own(self) -> tuple[object, ...]:
        return (self.placed.rests_on if self.placed else None, self.amounts)


@dataclass
class Look:
    """One look at all lineages: how they count, what excludes them, what they are worth, and what would change."""

    placed: dict[str, Placed]
    aside: dict[str, str]
    amounts: dict[str, Amounts]
    awarded: dict[str, tuple[Parts, str | None]]
    held: set[str]
    pinned: set[str] = field(default_factory=set)
    is_claim_older: bool = False  # an award depends on another telling of the charge having landed first

    def own(self, lineage: str) -> tuple[object, ...]:
        placed = self.placed.get(lineage)
        return (placed.rests_on if placed else None, self.amounts.get(lineage))

    def due(self, lineage: str) -> dict[Key, Parts]:
        if lineage not in self.awarded:
            return {}
        placed = self.placed[lineage]
        assert placed.programme and placed.vintage and placed.user
        return {(placed.programme, lineage, placed.vintage, placed.user): self.awarded[lineage][0]}


@dataclass
class Expected:
    """The ledger as it must be."""

    caps: tuple[str, int | None, int | None] = ("", None, None)
    facts: Facts = field(default_factory=Facts)
    posted: dict[str, dict[Key, Parts]] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    stood: dict[str, Stood] = field(default_factory=dict)
    final: dict[Vintage, bool] = field(default_factory=dict)
    pins: dict[str, tuple[object, ...]] = field(default_factory=dict)
    before_hold: dict[str, str] = field(default_factory=dict)
    closed: dict[str, list[str]] = field(default_factory=dict)
    last_seq: int = 0
    was_held: bool = False  # something was, once: what is due depends on when it came
    unsure: set[str] = field(default_factory=set)  # lineages that a run of a scope may have looked at, or not yet

    def look(self, released: Iterable[str] = ()) -> Look:
        """What is due now; held are those whose award of a final vintage would change, but for the released."""
        free = set(released)
        now = {lineage: placed for lineage in self.facts.revisions if (placed := self.facts.placed(lineage))}
        found = self._look(now, set(), free)
        pinned = {
            each
            for each, pin in self.pins.items()
            if each not in free and pin == (*found.own(each), found.aside.get(each))
        }
        held = pinned | self._holding(found, free)
        while True:
            found = self._look({**now, **{each: self._as_stood(each) for each in held}}, held, free)
            more = held | self._holding(found, free)
            if more == held:
                found.pinned = pinned
                return found
            held = more

    def _as_stood(self, lineage: str) -> Placed:
        placed = self.stood[lineage].placed
        assert placed is not None
        return placed

    def is_final(self, vintage: Vintage) -> bool:
        return self.final.get(vintage, False)

    def _look(self, told: dict[str, Placed], held: set[str], released: set[str]) -> Look:
        final = held | {
            each for each, was in self.stood.items() if was.state in (AWARDED, WAITS) and self.is_final(was.vintage)
        }
        aside, holder_of = set_aside(told.values(), final)
        landed = {lineage: placed.first_landed for lineage, placed in told.items()}
        for lineage, holder in holder_of.items():
            landed[holder] = min(landed[holder], told[lineage].first_landed)
        amounts: dict[str, Amounts] = {}
        for lineage, placed in told.items():
            if placed.programme and not placed.is_withdrawn and (lineage in held or lineage not in aside):
                if found := assess(placed, self.facts.grid):
                    amounts[lineage] = found
        candidates = [
            self._candidate(told[each], found, landed[each], each in held, each in released)
            for each, found in amounts.items()
            if told[each].user
        ]
        differs = any(each.refused() != each.refused(each.placed.first_landed) for each in candidates)
        return Look(told, aside, amounts, awards(candidates, self.caps), held, is_claim_older=differs)

    def _candidate(
        self, placed: Placed, amounts: Amounts, landed: datetime, is_held: bool, is_released: bool
    ) -> Candidate:
        lineage, vintage = placed.lineage, (placed.programme, placed.vintage)
        key = (str(placed.programme), lineage, placed.vintage or date.min, str(placed.user))
        posted = self.posted.get(lineage, {}).get(key)
        if posted is None or not (is_held or (self.is_final(vintage) and not is_released)):
            return Candidate(placed, amounts, None, None, landed)
        was = self.stood[lineage].amounts
        return Candidate(placed, amounts, posted[0], was.energy_wh if was else None, landed)

    def differing(self, found: Look, lineage: str) -> dict[Key, tuple[Parts, Parts]]:
        """What is due and what is posted, by key, where they differ."""
        due, posted = found.due(lineage), self.posted.get(lineage, {})
        both = {key: (due.get(key, NOTHING), posted.get(key, NOTHING)) for key in {*due, *posted}}
        return {key: pair for key, pair in both.items() if pair[0] != pair[1]}

    def stands_final(self, key: Key) -> bool:
        """An award of a final vintage is there."""
        return self.is_final((key[0], key[2])) and self.posted.get(key[1], {}).get(key, NOTHING)[:2] != (0, 0)

    def _holding(self, found: Look, released: set[str]) -> set[str]:
        holding = set()
        for lineage, was in self.stood.items():
            differing = self.differing(found, lineage)
            if lineage in released or not differing:
                continue
            is_own, is_final = was.own != found.own(lineage), any(self.stands_final(key) for key in differing)
            has_award = any(posted[:2] != (0, 0) for _, posted in differing.values())
            if (is_own and is_final) or (was.state == WAITS and has_award):
                holding.add(lineage)
        return holding

    def open_bugs(self) -> list[str]:
        """What the package is known to do otherwise, that the next accounting would meet."""
        found = ["the first landing of a claim"] if self.look().is_claim_older else []
        for lineage, was in self.stood.items():
            then, now = was.placed, self.facts.placed(lineage)
            if then is None or now is None:
                continue
            if now.telling.region and not now.telling.rated_w and then.rated_w != now.rated_w:
                found.append("the rated power of a station")
            moved = (then.connector, then.telling.start, then.telling.end, then.telling.wh, then.is_withdrawn)
            if (was.state == WAITS or lineage in self.pins) and moved != (
                *(now.connector, now.telling.start, now.telling.end, now.telling.wh, now.is_withdrawn),
            ):
                if then.connector or now.connector:
                    found.append("what is held on a connector")
        return sorted(set(found))

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
        found, self.unsure = self.look(), self.unsure | set(unsure) if scope != Scope() else set()
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
        self._remember(found, touched)
        self.final = after
        return entries

    def approve(self, lineages: set[str], touched: set[str]) -> list[Entry]:
        """Post what is due to these lineages, final or not; no vintage is judged."""
        found, after = self.look(released=lineages), dict(self.final)
        for placed in (self.facts.placed(each) for each in touched):
            if placed and placed.programme:
                after.setdefault((placed.programme, placed.vintage), False)
        entries = list(self._post(found, touched, after, lineages))
        self._remember(found, touched)
        self.final = after
        return entries

    def reject(self, lineages: set[str]) -> list[Entry]:
        """Pin what stands, as long as the inputs are these."""
        now = {lineage: placed for lineage in self.facts.revisions if (placed := self.facts.placed(lineage))}
        found = self._look(now, set(), set())
        self.pins |= {each: (*found.own(each), found.aside.get(each)) for each in lineages}
        self._remember(self.look(), lineages)
        return []

    def _post(self, found: Look, touched: set[str], after: dict[Vintage, bool], released: set[str]) -> Iterator[Entry]:
        changes = {
            key: pair
            for lineage in touched - found.held
            for key, pair in self.differing(found, lineage).items()
            if lineage in released or not self.stands_final(key)
        }
        for key in sorted(changes):
            yield self._entry(key, *changes[key], after)

    def _entry(self, key: Key, due: Parts, posted: Parts, after: dict[Vintage, bool]) -> Entry:
        programme, lineage, vintage, user_id = key
        number, self.last_seq = self.entries.get(lineage, 0), self.last_seq + 1
        self.entries[lineage] = number + 1
        self.posted.setdefault(lineage, {})[key] = due
        kind = "adjustment" if due[0] != posted[0] else "revaluation"
        kind = "issuance" if posted[:2] == (0, 0) else "reversal" if due[:2] == (0, 0) else kind
        return {
            "seq": self.last_seq,
            "entry_id": hashlib.sha256(f"{programme}|{lineage}|{number}".encode()).hexdigest(),
            "programme": programme,
            "user_id": user_id,
            "session_id": lineage,
            "vintage": vintage,
            "period": max(vintage.isoformat()[:7], self.first_open(programme) or ""),
            "kind": kind,
            "points_after": due[0],
            "status": "final" if after[programme, vintage] else "provisional",
            "is_first": number == 0,
            **{name: now - before for name, now, before in zip(PARTS, due, posted, strict=True)},
        }

    def _remember(self, found: Look, touched: set[str]) -> None:
        """Write the states of what was looked at."""
        for lineage in touched:
            if lineage in found.held:
                was = self.stood[lineage]
                if lineage not in found.pinned:
                    self.before_hold.setdefault(lineage, was.state)
                    self.was_held = True
                state = self.before_hold.pop(lineage, was.state) if lineage in found.pinned else WAITS
                self.stood[lineage] = replace(was, state=state)
            else:
                self.stood[lineage] = self._fresh(found, lineage)
                self.before_hold.pop(lineage, None)
            if lineage not in found.pinned:
                self.pins.pop(lineage, None)

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

    def waiting(self) -> set[str]:
        return {lineage for lineage, was in self.stood.items() if was.state == WAITS}

    def state(self, lineage: str) -> str:
        """The state as it is published."""
        was = self.stood[lineage]
        return ("final" if self.is_final(was.vintage) else "provisional") if was.state == AWARDED else was.state

    def first_open(self, programme: str) -> str | None:
        """The month after the last that was closed."""
        return _month_after(self.closed[programme][-1]) if self.closed.get(programme) else None

    def closable(self, programme: str) -> str | None:
        """The month that is the next to be closed: months close in order."""
        months = {key[2].isoformat()[:7] for keys in self.posted.values() for key in keys if key[0] == programme}
        months |= {day.isoformat()[:7] for name, day in self.final if name == programme and day}
        return self.first_open(programme) or min(months, default=None)


def _month_after(month: str) -> str:
    first = date.fromisoformat(f"{month}-28") + timedelta(days=4)
    return first.isoformat()[:7]
