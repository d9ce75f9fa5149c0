"""A version run on rows that a case file cannot tell of: several sessions, owners, regions, days, and awards that stand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from chargeledger.border import load_border, load_matches
from chargeledger.engine import Engine
from chargeledger.methodology import Methodology
from chargeledger.programme import load_rules

CAPS = ("energy_wh_per_account_and_vintage", "points_per_account_and_vintage")
NO_RULES = dict.fromkeys(("min_energy_wh", "max_energy_wh", "max_charging_s", "max_power_per_mille", "claim_window_s"))
DAY = date(2026, 3, 10)


def at(hour: int, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def session(lineage: str, **more: Any) -> dict[str, Any]:
    """A session of one AC hour that ends at 13:00; `reductions_ng` and `energy_wh` are used where a run starts at the award."""
    told: dict[str, Any] = {
        "session_id": lineage,
        "programme": "p",
        "vintage": DAY,
        "region": "CN-GRID-NE",
        "power_type": "AC",
        "metering_point": "ac_input",
        "rated_w": None,
        "operator_id": "OP",
        "ended_at": at(13),
        "reading_wh": 10_000,
        "user_id": "u",
        "standing_points": None,
        "standing_energy_wh": None,
        "reductions_ng": 3 * 10**9,
        "energy_wh": 10_000,
    }
    told |= more
    told.setdefault("started_at", told["ended_at"] - timedelta(hours=1))
    return {"first_landed_at": told["ended_at"]} | told


def awards(version: Methodology, sessions: list[dict[str, Any]], **rules: Any) -> dict[str, tuple[Any, ...]]:
    """Points, capped g and reason by lineage. `rules`: those of programme p, and energy_cap_wh, points_cap; q has none."""
    with Engine(threads=1) as engine:
        caps = dict(zip(CAPS, (rules.pop("energy_cap_wh", None), rules.pop("points_cap", None)), strict=True))
        load_rules(engine, [("p", NO_RULES | rules, caps), ("q", NO_RULES, dict.fromkeys(caps))])
        load_border(engine, "session", sessions)
        told = [("baseline_emissions_ng", "reductions_ng"), ("emission_reductions_ng", "reductions_ng")]
        assessed = [s | {"project_emissions_ng": 0} | {name: s[given] for name, given in told} for s in sessions]
        load_border(engine, "session_assessment", assessed)
        version.run(engine, skip=tuple(step for step in version.steps if step != "award"))
        rows = engine.con.execute(
            "SELECT session_id, points, capped_ng, not_awarded_reason FROM session_award ORDER BY session_id"
        ).fetchall()
    assert len({row[0] for row in rows}) == len(rows), "an award of a session is one row"
    return {lineage: (points, int(capped) // 10**9, reason) for lineage, points, capped, reason in rows}


def assessments(
    version: Methodology, sessions: list[dict[str, Any]], mix: list[tuple[str, datetime, str, int]] | None = None
) -> dict[str, int]:
    """Project emissions in ng by lineage, through all steps; the mix in (region, hour, source, whole MWh)."""
    with Engine(threads=1) as engine:
        load_rules(
            engine,
            [("p", NO_RULES, dict.fromkeys(("energy_wh_per_account_and_vintage", "points_per_account_and_vintage")))],
        )
        load_border(engine, "session", sessions)
        rows = [
            {"region": r, "hour_start": h, "source": s, "generation_pwh": mwh * 10**18, "is_estimated": None}
            for r, h, s, mwh in mix or []
        ]
        load_border(engine, "grid_mix_hour", rows)
        load_border(engine, "session_interval", [])
        load_border(engine, "run_clock", [{"instant": at(0, date(2027, 1, 1))}])
        load_matches(engine, [], [])
        version.run(engine)
        found = engine.con.execute("SELECT session_id, project_emissions_ng FROM session_assessment").fetchall()
        origins = {
            row[0] for row in engine.con.execute("SELECT DISTINCT factor_origin FROM grid_intensity_hour").fetchall()
        }
    assert "" not in origins, "every factor says where it comes from"
    assert len({row[0] for row in found}) == len(found), "an assessment of a session is one row"
    return {lineage: int(ng) for lineage, ng in found}
