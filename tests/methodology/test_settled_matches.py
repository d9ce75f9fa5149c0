"""What of a match counts later: certificates of its month, supply restated downwards, sessions corrected; by the oracle's rules.

The hours of generated sessions are matched, then the sessions are told anew and are assessed with the matches that stand. The
clock is at the deadline of the matches of March: what is not retired of March and earlier is cut, April is open still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from chargeledger.methodology import Methodology, load
from tests.methodology.generated_owed import Owed, Paper, _relations, differences
from tests.methodology.generated_run import Told, ran
from tests.oracle import changed, generated, green
from tests.oracle.given import Given, Session, local_day
from tests.oracle.reward import NO_RULES

GREEN, SEED, COUNT = "cn_ev_charging@3.0.0", 7, 1_500
CLOCK = datetime(2026, 9, 27, 16, tzinfo=UTC)  # 180 days after 2026-04-01 in Shanghai
Match = dict[tuple[str, datetime, str], int]
# A certificate that does not count, each for one reason.
BARRED: list[dict[str, Any]] = [
    {"is_linked_to_credits": True},
    {"is_used_for_quota": True},
    {"is_revoked": True},
    {"region": "CN-GRID-NOWHERE"},
    {"production_month": date(2025, 12, 1)},
    {"retired_at": datetime(2028, 6, 1, tzinfo=UTC)},
    {"expires_on": date(2026, 5, 1)},
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
    """Of each contract and month nothing, a part, all but one Wh, all, or more is retired, in two; and as much that does not count."""
    for number, ((contract, month), match) in enumerate(sorted(matched.items())):
        wh = sum(match.values())
        counts = [0, wh // 3, wh - 1, wh, wh + 5][number % 5]
        row = {"registry": "R", "contract_id": contract, "production_month": month, "region": regions[contract]}
        row |= dict.fromkeys(("is_linked_to_credits", "is_used_for_quota", "is_revoked"), False)
        row["retired_at"] = datetime(2026, 5, 31, 16, tzinfo=UTC)
        parts = [{"energy_wh": counts // 2}, {"energy_wh": counts - counts // 2, "expires_on": date(2026, 6, 1)}]
        for part, more in enumerate([*parts, BARRED[number % 7] | {"energy_wh": wh}]):
            yield row | {"serial": f"{contract}/{month}/{part}"} | more


def retired(matched: dict[tuple[str, date], Match], told: list[dict[str, Any]], clock: datetime) -> Match:
    """What the certificates leave of the matches whose deadline has passed, and the other ones whole."""
    left: Match = {}
    for (contract, month), match in matched.items():
        mine = [c for c in told if c["contract_id"] == contract and c["serial"].startswith(f"{contract}/{month}/")]
        counted = sum(c["energy_wh"] for c in mine if c["serial"][-1] != "2")
        is_due = green.retirement_due(next(iter(match))[1]) <= clock
        left |= green.cut(match, counted) if is_due else match
    return left


@cache
def later(kind: str) -> Later:
    first = replace(generated.given(SEED, COUNT), clock=CLOCK)
    with ran(load(GREEN), Told.of(first)) as engine:
        before = engine.arrow("SELECT * FROM energy_match")
    stands = green.matches(first)
    now = replace(first, sessions=tuple(corrected(each, n) for n, each in enumerate(first.sessions)))
    matched = months(stands, first)
    if kind == "retired":
        told = list(certificates(matched, {each.supply_id: each.region for each in first.supply}))
        kept = {key: wh for key, wh in stands.items() if all(key not in each for each in matched.values())}
        kept |= retired(matched, told, CLOCK)
    else:
        told = [c for c in certificates(matched, {}) if False]
        kept = {}
    carried = green.carried(kept, now)
    rows = [
        {"session_id": s, "hour_start": hour, "supply_id": supply, "counted_wh": carried.get((s, hour, supply), 0)}
        for s, hour, supply in stands
    ]
    owed = _relations({"session_match": rows}) | Paper(now, NO_RULES).settled(carried)
    return Later(Told.of(now), told, before, owed)


@pytest.mark.parametrize("kind", ["retired"])
def test_what_counts_of_a_match_is_what_the_oracle_leaves_of_it(kind: str) -> None:
    found = later(kind)
    with ran(load(GREEN), found.told, NO_RULES, found.matched_before, found.certificates) as engine:
        assert differences(engine, found.owed) == []
