"""3.0.0 drafted again with an invented residual factor, 600 g/kWh in the place of 609.6, and its cases solved by the oracle."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from chargeledger import versioning
from chargeledger.methodology import load
from chargeledger.sensitivity import write_sensitivity
from tests.oracle import green
from tests.oracle.given import HOUR, Given, Session, SupplyHour, metered_for_an_hour

OLD, NEW = "cn_ev_charging@3.0.0", "cn_ev_charging@3.1.0"
OTHER = green.Parameters(residual_kg_per_kwh=Fraction("0.6"))
START = datetime(2026, 3, 10, 13, tzinfo=UTC)  # of a case that tells no time; it fills an hour
FACTOR, OTHER_FACTOR = "609600000", "600000000"  # ug/kWh


def draft() -> Path:
    """The folder of the draft: another factor, and what follows from it in the sensitivity table and the cases."""
    folder = versioning.new_version(load(OLD), NEW.split("@")[1])
    for name in ("factors.csv", "methodology.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert FACTOR in text
        (folder / name).write_text(text.replace(FACTOR, OTHER_FACTOR), encoding="utf-8")
    for file, solve in SOLVED.items():
        path = folder / "cases" / f"{file}.yaml"
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in said["cases"]:
            solve(case)
        path.write_text(f"# Cases at {OTHER_FACTOR} ug/kWh.\n" + yaml.safe_dump(said), encoding="utf-8")
    write_sensitivity(load(NEW, draft_allowed=True))
    return folder


def solve_charge(case: dict[str, Any]) -> None:
    """The amounts that a charge without green supply is expected to have, where the case names them."""
    given = case["given"]
    window = [datetime.fromisoformat(given[name]) if name in given else None for name in ("started_at", "ended_at")]
    charge = Session(
        *("CASE:1", window[0] or START, window[1] or START + HOUR),
        *(given["reading_wh"], given["power_type"], given["metering_point"]),
    )
    told = asdict(green.assess(Given((charge,), {}, (), START), {}, OTHER)["CASE:1"].amounts)
    case["expect"] |= {name: told[name] for name in case["expect"] if name in told}


def solve_hour(case: dict[str, Any]) -> None:
    """The matches and amounts of the sessions of one hour of green supply."""
    given, hour = case["given"], datetime.fromisoformat(case["given"]["hour"])
    if "battery_intensity_ug_per_kwh" in given:  # four parts of ten from the grid, 0.9 round trip: 600 x 0.4 / 0.9
        given["battery_intensity_ug_per_kwh"] = dict.fromkeys(given["battery_intensity_ug_per_kwh"], 266_666_667)
    sessions = metered_for_an_hour(given["sessions"], hour)
    battery = SupplyHour("battery", "battery", "station", "S", sessions[0].region, hour, 0, None, 10, 6, 900)
    demand = {each.session_id: green.demand_wh(each)[hour] for each in sessions}
    pools = [(pool["supply_id"], pool["available_wh"], pool["sessions_in_scope"]) for pool in given["pools"]]
    match = {(name, hour, pool): wh for (name, pool), wh in green.match_hour(demand, pools).items()}
    for name, told in green.assess(Given(sessions, {}, (battery,), hour), match, OTHER).items():
        matched = {pool: wh for (_, pool), wh in told.matched_wh.items()}
        case["expect"]["sessions"][name] = asdict(told.amounts) | {"matched_wh": matched}


SOLVED = {"boundaries": solve_charge, "matched_hour": solve_hour}
