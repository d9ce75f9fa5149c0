"""Why an award changes: what differs between a lineage as it stood and as it counts, in the words of data_contracts/README.md."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from tests.oracle.california import split_by_hour
from tests.simulator import in_force
from tests.simulator.due import Look, Stood
from tests.simulator.world import US
from tests.simulator.worth import Placed

FIRST, CAP, GRID = "first assessment", "shared cap", "restated grid data"
Hours = Set[tuple[str, datetime]]


def causes(lineage: str, was: Stood, found: Look, restated: Hours) -> tuple[str, ...]:
    """The texts that may be the reason of an award that was there: one, but where hours were restated beside a correction."""
    named = {name for name, differs in _told(lineage, was, found).items() if differs}
    maybe = not named & {GRID} and _may_be_restated(was, found.placed[lineage], restated)
    return tuple(_sentence(each) for each in ([named, named | {GRID}] if maybe else [named]))


def _sentence(named: set[str]) -> str:
    return ", ".join(sorted(named)) or CAP


def _told(lineage: str, was: Stood, found: Look) -> dict[str, bool]:
    """What certainly differs. What was only ever refused has nothing that could differ from a telling."""
    before, now = was.placed, found.placed[lineage]
    amounts, aside = found.amounts.get(lineage), found.aside.get(lineage)
    is_corrected = before is not None and before.telling.content[:7] != now.telling.content[:7]
    is_moved = before is not None and before.place != now.place
    versions = (_version(before), _version(now))
    drew = [each.project_emissions_ng for each in (was.amounts, amounts) if each]
    return {
        "awaited grid data": was.state == "awaiting grid" and amounts is not None,
        "changed owner": (before.user if before else None) != now.user,
        "changed programme": bool(before and before.programme and now.programme not in (None, before.programme)),
        "changed station": is_moved,
        "connector overlap": aside == "quarantined" and was.state != "quarantined",
        "corrected session": is_corrected,
        "duplicate claim": aside == "duplicate" and was.state != "duplicate",
        "ended claim": was.state == "duplicate" and aside != "duplicate",
        "ended overlap": was.state == "quarantined" and before is not None and aside != "quarantined",
        "new methodology": None not in versions and versions[0] != versions[1],
        "no longer assessed": was.amounts is not None and amounts is None and not now.is_withdrawn and aside is None,
        GRID: len(set(drew)) == 2 and not (is_corrected or is_moved) and versions[0] == versions[1],
        "withdrawn session": now.is_withdrawn and was.state != "withdrawn",
    }


def _version(placed: Placed | None) -> in_force.Version | None:
    if placed is None or placed.is_withdrawn or not placed.programme or not placed.vintage:
        return None
    return in_force.version(placed.programme, placed.vintage)


def _may_be_restated(was: Stood, now: Placed, restated: Hours) -> bool:
    """An hour that it touches now was told twice, and whether the ledger has used the first of these is not known here."""
    if not was.amounts or now.is_withdrawn or not (was.placed and was.placed.programme == now.programme == US):
        return False
    told = now.telling
    return any((str(now.region), hour) in restated for hour in split_by_hour(told.wh, told.start, told.end))
