"""Invariants 2, 9 and 10 on a publication: what every assessed session rests on, and that it is worth that.

Hours of sessions are not published. That they sum to the readings is told by what they come to under the factors that are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.oracle import annual
from tests.oracle.california import split_by_hour
from tests.simulator import in_force
from tests.simulator.due import WAITS, Key, Stood
from tests.simulator.expected import Expected
from tests.simulator.holding import hold
from tests.simulator.world import CN, US
from tests.simulator.worth import US_BASELINE, Placed

Row = dict[str, Any]
Factors = dict[tuple[str, str, datetime], Row]
ORIGIN = {CN: "national average of 2023", US: "generation mix of the hour"}
# Nothing of a life is open, and its versions have neither tiers nor another basis.
EMPTY = ("data_quality_tier", "provisional_until", "other_basis_reductions_ng")


def hold_assessed(shown: dict[str, list[Row]], expected: Expected) -> None:
    """Every assessment is the one that is owed, and follows from the factors that are published."""
    factors: Factors = {}
    for row in shown["grid_intensity_hour"]:
        key = (row["methodology"], row["region"], row["hour_start"])
        hold("9 one factor per hour", key in factors, False, repr(key))
        factors[key] = row
    told = {row["session_id"]: row for row in shown["session_assessment"] if row["session_id"] not in expected.unsure}
    stood = {each: was for each, was in expected.stood.items() if was.amounts and each not in expected.unsure}
    hold("assessed sessions", sorted(told), sorted(stood))
    for lineage, was in stood.items():
        owed = _assessment(was, expected)
        hold("10 an assessment says what it rests on", {name: told[lineage][name] for name in owed}, owed)
        is_settled = was.state != WAITS and lineage not in expected.fresh and lineage not in expected.pins
        _held_to_factors(told[lineage], was, factors, is_settled=is_settled)


def _assessment(was: Stood, expected: Expected) -> Row:
    """What a row says, column by column."""
    placed, amounts = was.placed, was.amounts
    assert placed and amounts and placed.programme and placed.vintage
    version = in_force.version(placed.programme, placed.vintage)
    key: Key = (placed.programme, placed.lineage, placed.vintage, str(placed.user))
    return {
        "session_id": placed.lineage,
        "programme": placed.programme,
        "vintage": placed.vintage,
        "region": placed.region,
        "energy_wh": amounts.energy_wh,
        "baseline_emissions_ng": amounts.baseline_emissions_ng,
        "project_emissions_ng": amounts.project_emissions_ng,
        "emission_reductions_ng": amounts.emission_reductions_ng,
        "points": expected.posted.get(placed.lineage, {}).get(key, (0,))[0],
        "is_vehicle_class_assumed": True,
        "methodology": version[0] if version else None,
        "status": "final" if expected.is_final(was.vintage) else "provisional",
    } | dict.fromkeys(EMPTY)


def _held_to_factors(row: Row, was: Stood, factors: Factors, *, is_settled: bool) -> None:
    """Each hour of a session has a factor and its origin; where nothing of it waits, they give its emissions."""
    placed = was.placed
    assert placed
    told, hours = placed.telling, []
    for hour, wh in split_by_hour(told.wh, told.start, told.end).items():
        key = (row["methodology"], row["region"], hour)
        factor = factors.get(key)
        hold("9 every assessed hour has a factor", factor is not None, True, repr(key))
        assert factor
        hold("9 a factor says where it comes from", factor["factor_origin"], ORIGIN[row["programme"]], repr(key))
        hours.append((wh, factor["intensity_ug_per_kwh"]))
    if is_settled:
        owed = annual.amounts(hours, placed.power_type, placed.metering_point, _baseline(placed))
        found = {name: row[name] for name in ("energy_wh", "baseline_emissions_ng", "project_emissions_ng")}
        hold(
            "2 its hours under the factors are a session's emissions",
            found,
            {name: getattr(owed, name) for name in found},
            told.lineage,
        )


def _baseline(placed: Placed) -> int:
    return annual.cn_baseline_ug_per_kwh() if placed.programme == CN else US_BASELINE[placed.power_type]
