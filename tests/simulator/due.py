"""What is due to every lineage, against what is posted: how it counts, what excludes it, what of it is held, in plain Python.

An award of a final vintage changes by approval alone, and everything is computed as if what is held or rejected stood as posted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.oracle.annual import Amounts
from tests.simulator.facts import Facts
from tests.simulator.world import CN, US
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

    def as_json(self) -> dict[str, str | None]:
        """As a receipt says it."""
        days = {"vintage_from": self.first, "vintage_until": self.last}
        return {"programme": self.programme} | {name: day.isoformat() if day else None for name, day in days.items()}


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
class Due:
    """What is known and what is posted, and from these what is due."""

    caps: tuple[str, int | None, int | None] = ("", None, None)
    facts: Facts = field(default_factory=Facts)
    posted: dict[str, dict[Key, Parts]] = field(default_factory=dict)
    stood: dict[str, Stood] = field(default_factory=dict)
    final: dict[Vintage, bool] = field(default_factory=dict)
    pins: dict[str, tuple[object, ...]] = field(default_factory=dict)

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
            each
            for each, was in self.stood.items()
            if self.is_final(was.vintage) and self._has_points(each, was.vintage)
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
        return Look(told, aside, amounts, awards(candidates, self.caps), held)

    def _has_points(self, lineage: str, vintage: Vintage) -> bool:
        return any(parts[0] for key, parts in self.posted.get(lineage, {}).items() if (key[0], key[2]) == vintage)

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
