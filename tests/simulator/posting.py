"""What is posted: entries column by column, in their order, and the months that they are booked in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.simulator import in_force
from tests.simulator.causes import FIRST, causes
from tests.simulator.due import PARTS, Due, Entry, Key, Look, Vintage
from tests.simulator.worth import Parts


@dataclass
class Posting(Due):
    """The ledger as far as it is posted, and the next entries of it."""

    entries: dict[str, int] = field(default_factory=dict)
    closed: dict[str, list[str]] = field(default_factory=dict)
    last_seq: int = 0
    fallen: Counter[Vintage] = field(default_factory=Counter)  # entries that took points before it was final
    unsure: set[str] = field(default_factory=set)  # lineages that a run of a scope may have looked at, or not yet

    def _post(self, found: Look, touched: set[str], after: dict[Vintage, bool], released: set[str]) -> Iterator[Entry]:
        changes = {
            key: pair
            for lineage in touched - found.held
            for key, pair in self.differing(found, lineage).items()
            if lineage in released or not self.stands_final(key)
        }
        reasons = {lineage: self._reasons(lineage, found) for _, lineage, *_ in changes}
        for key in sorted(changes):
            yield self._entry(key, *changes[key], after) | {"reason": reasons[key[1]]}

    def _reasons(self, lineage: str, found: Look) -> tuple[str, ...]:
        """The texts one of which must stand there; none where what the ledger had seen of it is not known."""
        if lineage not in self.entries:
            return (FIRST,)
        if lineage in self.unsure:
            return ()
        return causes(lineage, self.stood[lineage], found, self.facts.restated)

    def _entry(self, key: Key, due: Parts, posted: Parts, after: dict[Vintage, bool]) -> Entry:
        programme, lineage, vintage, user_id = key
        number, self.last_seq = self.entries.get(lineage, 0), self.last_seq + 1
        self.entries[lineage] = number + 1
        self.posted.setdefault(lineage, {})[key] = due
        self.fallen[programme, vintage] += due[0] < posted[0] and not self.is_final((programme, vintage))
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
            **dict(zip(("methodology", "methodology_digest"), in_force.version(programme, vintage) or (), strict=True)),
            **{name: now - before for name, now, before in zip(PARTS, due, posted, strict=True)},
        }

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
