"""Cases of one matched hour: sessions that compete for pools of green supply, and what each of them gets and gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chargeledger.border import load_border, load_matches, vintage_of
from chargeledger.methodology import Methodology
from chargeledger.relations import Relations

RESULTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng", "points")
# A battery of which a case says no more: six parts from PV, four from the grid, 0.9 round trip.
CHARGED = {"charged_wh": 10, "charged_from_pv_wh": 6, "round_trip_per_mille": 900}


def matched_hour(engine: Relations, version: Methodology, case: dict[str, Any]) -> Iterator[str]:
    """Run a case of one hour; yields what differs from its answer."""
    given, expect = case["given"], case["expect"]
    _load(engine, version, given)
    version.match(engine)
    matches = engine.rows("SELECT * FROM energy_match_so_far")
    told = engine.rows("SELECT supply_id, available_wh FROM match_pool")
    pools = {str(row["supply_id"]): int(str(row["available_wh"])) for row in told}
    left = {pool["supply_id"]: pools.get(pool["supply_id"], pool["available_wh"]) for pool in given["pools"]}
    got: dict[str, dict[str, int]] = {told["session"]: {} for told in given["sessions"]}
    batteries = given.get("battery_intensity_ug_per_kwh", {})
    for match in matches:
        supply, factor = str(match["supply_id"]), match["factor_ug_per_kwh"]
        left[supply] -= match["matched_wh"]
        got[str(match["session_id"])][supply] = int(str(match["matched_wh"]))
        if factor != batteries.get(supply, factor):
            yield f"{supply}: its intensity is {factor}"
    if left != expect["left_in_pool_wh"]:
        yield f"left in the pools: expected {expect['left_in_pool_wh']}, got {left}"
    _settle(engine, given, matches)
    version.run(engine)
    rows = engine.rows("SELECT a.*, w.points FROM session_assessment AS a JOIN session_award AS w USING (session_id)")
    found = {str(row["session_id"]): row for row in rows}
    for session, owed in expect["sessions"].items():
        mine = {name: int(str(found[session][name])) for name in RESULTS} if session in found else {}
        if mine != {name: owed[name] for name in RESULTS} or got.get(session) != owed["matched_wh"]:
            yield f"{session}: expected {owed}, got {mine} with {got.get(session)}"


def _load(engine: Relations, version: Methodology, given: dict[str, Any]) -> None:
    hour = datetime.fromisoformat(given["hour"]).astimezone(UTC)
    region = version.identity["applicability"]["regions"][0]
    names = [told["session"] for told in given["sessions"]]
    shared = {
        name for pool in given["pools"] for name in _scope(pool, names)[1] if _scope(pool, names)[0] == "operator"
    }
    times = {"started_at": hour, "ended_at": hour + timedelta(hours=1)}
    rows = [
        {
            "session_id": told["session"],
            "programme": "case",
            "vintage": vintage_of(version, times["ended_at"]),
            "region": region,
        }
        | {name: told[name] for name in ("power_type", "metering_point", "reading_wh")}
        | {
            "operator_id": "SHARED" if told["session"] in shared else f"OF {told['session']}",
            "station_id": told["session"],
        }
        | {"user_id": told["session"], "first_landed_at": times["ended_at"]}
        | times
        for told in given["sessions"]
    ]
    load_border(engine, "session", rows)
    load_border(engine, "session_interval", [{**row, "interval_no": 1} for row in rows])
    load_border(engine, "grid_mix_hour", [])
    of_name = {row["session_id"]: row for row in rows}
    place = {"region": region, "hour_start": hour}
    supply = [_supply(given, pool, names, of_name) | place | {"local_day": hour.date()} for pool in given["pools"]]
    load_border(engine, "green_supply", supply)
    load_border(engine, "match_hour_due", [place])
    load_border(engine, "run_clock", [{"instant": hour + timedelta(days=4)}])


def _scope(pool: dict[str, Any], names: list[str]) -> tuple[str, list[str]]:
    """Who may draw on a pool: all is the programme, one is its station, several are an operator's."""
    mine = pool["sessions_in_scope"]
    return ("programme" if len(mine) == len(names) else "station" if len(mine) == 1 else "operator"), mine


def _supply(
    given: dict[str, Any], pool: dict[str, Any], names: list[str], sessions: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """A pool as green supply, of the kind that its place in the case tells where the case does not."""
    batteries = given.get("battery_intensity_ug_per_kwh", {})
    order = [each["supply_id"] for each in given["pools"]]
    before = any(other in batteries for other in order[order.index(pool["supply_id"]) + 1 :])
    kind = "battery" if pool["supply_id"] in batteries else "pv" if before else "contract"
    scope, mine = _scope(pool, names)
    told = {"supply_id": pool["supply_id"], "supply_kind": pool.get("kind", kind), "available_wh": pool["available_wh"]}
    told |= {"scope_kind": scope, "scope_id": {"programme": "case", "station": mine[0], "operator": "SHARED"}[scope]}
    told |= {"operator_id": sessions[mine[0]]["operator_id"]} if scope == "station" else {}
    charged = {name: pool.get(name, figure) for name, figure in CHARGED.items()}
    return told | (charged if kind == "battery" else {})


def _settle(engine: Relations, given: dict[str, Any], matches: list[dict[str, Any]]) -> None:
    """What is known of the matches when the sessions are assessed: supply as it was, no contract to retire for."""
    available = {pool["supply_id"]: pool["available_wh"] for pool in given["pools"]}
    of_supply: dict[str, int] = {}
    for match in matches:
        of_supply[match["supply_id"]] = of_supply.get(match["supply_id"], 0) + match["matched_wh"]
    known = [
        {**match, "supply_matched_wh": of_supply[pool], "supply_available_wh": available[pool]}
        for match in matches
        for pool in (match["supply_id"],)
    ]
    hours = engine.rows("SELECT region, hour_start FROM match_hour_due")
    load_matches(engine, known, [(str(row["region"]), row["hour_start"]) for row in hours])  # type: ignore[misc]
