"""What of a match counts later: certificates of its month, supply restated downwards, sessions corrected; by the oracle's rules.

The hours of generated sessions are matched, then sessions or supply are told anew, and all is assessed with the
matches that stand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from chargeledger.methodology import Methodology, load
from tests.methodology.generated_owed import Owed, Paper, differences, relations
from tests.methodology.generated_run import Told, ran
from tests.oracle import generated, green
from tests.oracle.given import Given, Session, local_day
from tests.oracle.reward import NO_RULES

GREEN, SEED, COUNT = "cn_ev_charging@3.0.0", 7, 500
CLOCK = datetime(2026, 9, 27, 16, tzinfo=UTC)  # 180 days after 2026-04-01 in Shanghai
BEFORE = datetime(2026, 6, 29, 15, 59, 59, tzinfo=UTC)  # a second before 180 days after 2026-01-01
Match = dict[tuple[str, datetime, str], int]
# A certificate that does not count, each for one reason; None stands for another region, and for the deadline itself.
BARRED: list[dict[str, Any]] = [
    {"is_linked_to_credits": True},
    {"is_used_for_quota": True},
    {"is_revoked": True},
    {"production_month": date(2025, 11, 1)},
    {"expires_on": date(2026, 5, 31)},
    {"region": None},
    {"retired_at": None},
]


@dataclass(frozen=True)
class Later:
    """Sessions told anew, certificates and supply as they are now, the matches of before, and what is owed."""

    told: Told
    certificates: list[dict[str, Any]]
    matched_before: pa.Table
    owed: Owed


def months(stands: green.Match, given: Given) -> dict[tuple[str, date], Match]:
    """Matches by contract and local month."""
    contracts = {each.supply_id for each in given.supply if each.supply_kind == "contract"}
    found: dict[tuple[str, date], Match] = {}
    for key, wh in stands.items():
        if key[2] in contracts:
            found.setdefault((key[2], local_day(key[1]).replace(day=1)), {})[key] = wh
    return found


def corrected(session: Session, number: int) -> Session:
    """Every third has half of its energy, every seventh is known by its total alone, every eleventh has twice its energy."""
    if number % 7 == 3:
        return replace(session, intervals=())
    by = 2 if number % 11 == 5 else 0.5 if number % 3 == 0 else 1
    told = tuple(replace(each, reading_wh=int(each.reading_wh * by)) for each in session.intervals)
    return replace(session, intervals=told, reading_wh=sum(i.reading_wh for i in told)) if told else session


def certificates(matched: dict[tuple[str, date], Match], regions: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Of each contract and month nothing, a part, all but a Wh, all, or more is retired; and as much that does not count."""
    for number, ((contract, month), match) in enumerate(sorted(matched.items())):
        wh = sum(match.values())
        counts = [0, wh // 3, wh - 1, wh, wh + 5][number % 5]
        row = {"registry": "R", "contract_id": contract, "production_month": month, "region": regions[contract]}
        row |= dict.fromkeys(("is_linked_to_credits", "is_used_for_quota", "is_revoked"), False)
        row["retired_at"] = datetime(2026, 5, 31, 16, tzinfo=UTC)
        other = {"region": "CN-GRID-NE" if row["region"] == "CN-GRID-NW" else "CN-GRID-NW"}
        other["retired_at"] = green.retirement_due(next(iter(match))[1])
        bar = {name: other[name] if value is None else value for name, value in BARRED[number % 7].items()}
        parts = [{"energy_wh": counts // 2}, {"energy_wh": counts - counts // 2, "expires_on": date(2026, 6, 1)}]
        for part, more in enumerate([*parts, bar | {"energy_wh": wh}]):
            yield row | {"serial": f"{contract}/{month}/{part}"} | more


@cache
def matched(clock: datetime) -> tuple[Given, pa.Table, green.Match]:
    """What is given at the clock, and what the SQL and the oracle match of it."""
    first = replace(generated.given(SEED, COUNT), clock=clock)
    with ran(load(GREEN), Told.of(first)) as engine:
        return first, engine.arrow("SELECT * FROM energy_match"), green.matches(first)


def settled(now: Given, stands: green.Match, left: green.Match, retired: Collection[tuple[str, date]] = ()) -> Owed:
    """What counts of each match, by what is left of it and what the sessions ask now."""
    carried = green.carried(left, now)
    rows = [
        {"session_id": session, "hour_start": hour, "supply_id": supply, "counted_wh": carried.get(key, 0)}
        for key in stands
        for session, hour, supply in [key]
    ]
    return relations({"session_match": rows}) | Paper(now, NO_RULES).settled(carried, retired)


@cache
def after_retirement() -> Later:
    """At the deadline of March, sessions corrected: what is not retired of March and before it is cut."""
    first, before, stands = matched(CLOCK)
    now = replace(first, sessions=tuple(corrected(each, n) for n, each in enumerate(first.sessions)))
    owing = months(stands, first)
    told = list(certificates(owing, {each.supply_id: each.region for each in first.supply}))
    left, whole = dict(stands), set()
    for (contract, month), match in owing.items():
        counts = sum(c["energy_wh"] for c in told if c["serial"] in (f"{contract}/{month}/0", f"{contract}/{month}/1"))
        if counts >= sum(match.values()):
            whole.add((contract, month))
        elif green.retirement_due(next(iter(match))[1]) <= CLOCK:
            left |= dict.fromkeys(match, 0) | green.cut(match, counts)
    return Later(Told.of(now), told, before, settled(now, stands, left, whole))


@cache
def after_less_supply() -> Later:
    """Before any deadline, every third supply hour is told anew, with less than it gave or nothing at all."""
    first, before, stands = matched(BEFORE)
    supply = [replace(each, available_wh=each.available_wh // 50) for each in first.supply[::3]]
    now = replace(first, supply=(*supply, *(each for n, each in enumerate(first.supply) if n % 3)))
    there = {(each.supply_id, each.hour_start): each.available_wh for each in now.supply}
    of_supply: dict[tuple[str, datetime], Match] = {}
    for key, wh in stands.items():
        of_supply.setdefault((key[2], key[1]), {})[key] = wh
    left = {key: wh for place, match in of_supply.items() for key, wh in green.cut(match, there[place]).items()}
    assert sum(left.values()) < sum(stands.values())
    return Later(Told.of(now), [], before, settled(now, stands, left))


SCENES = [after_retirement, after_less_supply]


def found(version: Methodology, later: Later) -> Iterator[str]:
    with ran(version, later.told, NO_RULES, later.matched_before, later.certificates) as engine:
        yield from differences(engine, later.owed)


@pytest.mark.parametrize("scene", SCENES)
def test_what_counts_of_a_match_is_what_the_oracle_leaves_of_it(scene: Callable[[], Later]) -> None:
    assert list(found(load(GREEN), scene())) == []
