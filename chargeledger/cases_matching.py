"""Cases of one matched hour: sessions that compete for pools of green supply, and what each of them gets and gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chargeledger.cases import load_border, load_matches, vintage_of
from chargeledger.engine import Engine
from chargeledger.methodology import Methodology

SUPPLY_COLUMNS = (
    "supply_id VARCHAR, supply_kind VARCHAR, scope_kind VARCHAR, scope_id VARCHAR, operator_id VARCHAR, region VARCHAR, "
    "hour_start TIMESTAMPTZ, local_day DATE, available_wh BIGINT, charged_wh BIGINT, charged_from_pv_wh BIGINT, "
    "round_trip_per_mille BIGINT, contract_id VARCHAR"
)
RESULTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng", "points")
# A battery of which a case says no more: six parts from PV, four from the grid, 0.9 round trip.
CHARGED = {"charged_wh": 10, "charged_from_pv_wh": 6, "round_trip_per_mille": 900}


def matched_hour(engine: Engine, version: Methodology, case: dict[str, Any]) -> Iterator[str]:
    """Run a case of one hour; yields what differs from its answer."""
    given, expect = case["given"], case["expect"]
    _load(engine, version, given)
    version.match(engine)
    matches = engine.con.execute("SELECT * FROM energy_match_so_far").fetchall()
    pools = dict(engine.con.execute("SELECT supply_id, available_wh FROM match_pool").fetchall())
    left = {pool["supply_id"]: pools.get(pool["supply_id"], pool["available_wh"]) for pool in given["pools"]}
    got: dict[str, dict[str, int]] = {told["session"]: {} for told in given["sessions"]}
    for session, _, _, supply, _, _, _, factor, matched in matches:
        left[supply] -= matched
        got[session][supply] = matched
        if supply in given.get("battery_intensity_ug_per_kwh", {}):
            if factor != given["battery_intensity_ug_per_kwh"][supply]:
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


def _load(engine: Engine, version: Methodology, given: dict[str, Any]) -> None:
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
    engine.load_rows(
        "green_supply", SUPPLY_COLUMNS, [_supply(given, pool, names, of_name, hour, region) for pool in given["pools"]]
    )
    engine.load_rows("match_hour_due", "region VARCHAR, hour_start TIMESTAMPTZ", [(region, hour)])
    engine.load_rows("run_clock", "instant TIMESTAMPTZ", [(hour + timedelta(days=4),)])


def _scope(pool: dict[str, Any], names: list[str]) -> tuple[str, list[str]]:
    """Who may draw on a pool: all is the programme, one is its station, several are an operator's."""
    mine = pool["sessions_in_scope"]
    return ("programme" if len(mine) == len(names) else "station" if len(mine) == 1 else "operator"), mine


def _supply(
    given: dict[str, Any],
    pool: dict[str, Any],
    names: list[str],
    sessions: dict[str, dict[str, Any]],
    hour: datetime,
    region: str,
) -> tuple[object, ...]:
    batteries = given.get("battery_intensity_ug_per_kwh", {})
    order = [each["supply_id"] for each in given["pools"]]
    before = any(other in batteries for other in order[order.index(pool["supply_id"]) + 1 :])
    kind = "battery" if pool["supply_id"] in batteries else "pv" if before else "contract"
    scope, mine = _scope(pool, names)
    scope_id = {"programme": "case", "station": mine[0], "operator": "SHARED"}[scope]
    charged = {name: pool.get(name, CHARGED[name]) if kind == "battery" else None for name in CHARGED}
    operator = sessions[mine[0]]["operator_id"] if scope == "station" else None
    return (
        *(pool["supply_id"], pool.get("kind", kind), scope, scope_id, operator, region, hour, hour.date()),
        *(pool["available_wh"], *charged.values(), None),
    )


def _settle(engine: Engine, given: dict[str, Any], matches: list[tuple[Any, ...]]) -> None:
    """What is known of the matches when the sessions are assessed: supply as it was, no contract to retire for."""
    available = {pool["supply_id"]: pool["available_wh"] for pool in given["pools"]}
    of_supply: dict[str, int] = {}
    for match in matches:
        of_supply[match[3]] = of_supply.get(match[3], 0) + match[8]
    known = [(*match, of_supply[match[3]], available[match[3]], None, None, None, None) for match in matches]
    hours = engine.con.execute("SELECT region, hour_start FROM match_hour_due").fetchall()
    load_matches(engine, known, [(str(region), hour) for region, hour in hours])
