"""What is asked of a computation: which vintages, from which versions of the inputs, and how it departs from an accounting."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from chargeledger.errors import UsageError
from chargeledger.lake import Lake

APPROVE, REJECT, RENEW = "approve", "reject", "renew"


@dataclass(frozen=True)
class Scope:
    """Which vintages of which programme a run covers; None is all."""

    programme: str | None = None
    vintage_from: date | None = None
    vintage_until: date | None = None

    @classmethod
    def of(cls, vintages: str | None, programme: str | None) -> Scope:
        """From `2026-03-09` or `2026-03-09..2026-03-11`."""
        if not vintages:
            return cls(programme)
        first, _, last = vintages.partition("..")
        try:
            scope = cls(programme, date.fromisoformat(first), date.fromisoformat(last or first))
        except ValueError as error:
            raise UsageError(f"'{vintages}' is not a vintage: write 2026-03-09 or 2026-03-09..2026-03-11") from error
        if scope.vintage_from and scope.vintage_until and scope.vintage_from > scope.vintage_until:
            raise UsageError(f"'{vintages}' ends before it starts")
        return scope

    def as_json(self) -> dict[str, str | None]:
        first, last = self.vintage_from, self.vintage_until
        return {
            "programme": self.programme,
            "vintage_from": first.isoformat() if first else None,
            "vintage_until": last.isoformat() if last else None,
        }

    @classmethod
    def from_json(cls, said: dict[str, str | None]) -> Scope:
        first, last = said["vintage_from"], said["vintage_until"]
        return cls(
            said["programme"],
            date.fromisoformat(first) if first else None,
            date.fromisoformat(last) if last else None,
        )


@dataclass(frozen=True)
class Decision:
    """Somebody's decision on a proposal: the receipt that proposed, the ledger version that it made, who, and why."""

    kind: str
    proposal: str
    ledger_version: int
    by: str
    because: str

    def as_json(self) -> dict[str, str | int]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Decision:
        return cls(**said)


@dataclass(frozen=True)
class Question:
    """How a computation departs from an accounting: all sessions of the scope, or one session; drafts allowed or not;

    awards of final vintages standing as posted, or computed anew like all others (who holds a claim stays as decided);
    the lineages of a proposal that is decided on, and no others.
    """

    everything: bool = False
    session_id: str | None = None
    draft_allowed: bool = False
    nothing_is_final: bool = False
    decision: Decision | None = None


ACCOUNTING = Question()


@dataclass(frozen=True)
class Inputs:
    """Versions of everything a run reads."""

    staged: dict[str, int]
    ledger_version: int

    @classmethod
    def newest(cls, lake: Lake) -> Inputs:
        # The ledger is read first: what another writer commits afterwards makes this one lose the race.
        ledger = lake.table("ledger_entry").version()
        return cls(lake.versions(), ledger)
