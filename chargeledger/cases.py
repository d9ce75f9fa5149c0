"""Cases of a version: examples with their answers, run through the version's own SQL, to the ng and the point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from chargeledger.border import load_border, load_matches, vintage_of
from chargeledger.cases_matching import matched_hour
from chargeledger.document import read_yaml
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.lake import instant_text
from chargeledger.methodology import Methodology
from chargeledger.programme import RULES, load_rules
from chargeledger.relations import Relations

PWH_PER_MWH = 10**18
START = datetime(2026, 3, 10, 13, tzinfo=UTC)
NO_RULES: dict[str, int | None] = dict.fromkeys(RULES)
BY_HOUR = ("intensity_ug_per_kwh", "reading_wh_by_hour")
AMOUNTS = ("points", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
RESULTS = (
    "data_quality_tier",
    "energy_wh",
    "baseline_emissions_ng",
    "project_emissions_ng",
    "emission_reductions_ng",
    "points",
)


@dataclass(frozen=True)
class CaseResult:
    """One case: what differs from its answer, or nothing."""

    file: str
    name: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def case_files(version: Methodology) -> list[Path]:
    """The case files of a version, sorted."""
    return sorted((version.folder / "cases").glob("*.yaml"))


def run_cases(
    version: Methodology, path: Path, only: str | None = None, on: Relations | None = None
) -> Iterator[CaseResult]:
    """Run every case of a file; `only` keeps the cases whose `given.version` is that, `on` is where, other than on DuckDB."""
    said = read_yaml(path)
    rules = {**NO_RULES, **said.get("rules", {})}
    with on or Engine(threads=1) as engine:
        for case in said["cases"]:
            if only is None or case["given"].get("version", only) == only:
                given = case["given"]
                run = match_case if "pools" in given else _award_case if "sessions" in given else _session_case
                yield CaseResult(path.name, case["name"], tuple(run(engine, version, case, rules)))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _caps(given: dict[str, Any]) -> dict[str, int | None]:
    kwh = given.get("kwh_cap")
    return {
        "energy_wh_per_account_and_vintage": None if kwh is None else int(kwh) * 1000,
        "points_per_account_and_vintage": given.get("points_cap"),
    }


def load_one_session(engine: Relations, version: Methodology, given: dict[str, Any]) -> None:
    """The border relations for one session; without times it fills one hour."""
    started = _instant(given["started_at"]) if "started_at" in given else START
    ended = _instant(given["ended_at"]) if "ended_at" in given else START + timedelta(hours=1)
    region = version.identity["applicability"]["regions"][0]
    row = {name: given.get(name) for name in ("power_type", "metering_point", "reading_wh", "vehicle_class")}
    row |= {"session_id": "CASE:1", "programme": "case", "vintage": vintage_of(version, ended), "region": region}
    row |= {
        "operator_id": "CASE",
        "user_id": "user",
        "started_at": started,
        "ended_at": ended,
        "first_landed_at": ended,
    }
    if "factor_code" in given and version.needs_county:
        row["county_code"] = f"{version.table_row('province', 'region', given['factor_code'])['county_prefix']}0101"
    load_border(engine, "session", [row | {"county_code": given.get("county_code", row.get("county_code"))}])
    intervals = [
        {"session_id": "CASE:1", "interval_no": number, "reading_wh": told["energy_wh"]}
        | {name: _instant(told[name]) for name in ("started_at", "ended_at")}
        for number, told in enumerate(given.get("intervals", []), 1)
    ]
    load_border(engine, "session_interval", intervals)
    _load_grid(engine, version, given, region, started)


def _load_grid(engine: Relations, version: Methodology, given: dict[str, Any], region: str, started: datetime) -> None:
    """The mix of every hour that a case tells, the highest known hour before, and the clock."""
    mixes = {_instant(hour): sources for hour, sources in given.get("grid_mix", {}).items()}
    estimated = {_instant(hour) for hour in given.get("estimated_hours", [])}
    first = started.replace(minute=0, second=0)
    if highest := next((int(given[key]) for key in given if key.startswith("highest_known")), None):
        fossil = next(int(f["factor_ug_per_kwh"]) for f in version.factors if f["source"] == "coal")
        mixes[first - timedelta(hours=1)] = {"coal": str(highest), "wind": str(fossil - highest)}
    rows = [
        {"region": region, "hour_start": hour, "source": source, "generation_pwh": Decimal(figure) * PWH_PER_MWH}
        | {"is_estimated": hour in estimated or None}
        for hour, sources in mixes.items()
        for source, figure in sources.items()
    ]
    load_border(engine, "grid_mix_hour", rows)
    ended = _instant(given["ended_at"]) if "ended_at" in given else first + timedelta(hours=1)
    missing = first
    while missing in mixes and missing < ended:
        missing += timedelta(hours=1)
    waited = timedelta(hours=given["hours_since_hour_end"]) if "hours_since_hour_end" in given else None
    clock = missing + timedelta(hours=1) + waited if waited is not None else ended
    load_border(engine, "run_clock", [{"instant": clock}])
    hours = [(region, first + timedelta(hours=n)) for n in range(int((ended - first) / timedelta(hours=1)) + 1)]
    load_matches(engine, [], hours)


def run_session(engine: Relations, version: Methodology, given: dict[str, Any]) -> None:
    """Run all steps for one session. An intensity that is given stands for every hour, in place of the step,

    unless the case names the factor that the version is to find by itself.
    """
    load_one_session(engine, version, given)
    if not isinstance(given.get("intensity_ug_per_kwh"), int) or "factor_code" in given:
        version.run(engine)
        return
    version.run(engine, skip=("intensity", "assess", "award"))
    engine.keep(
        "grid_intensity_hour",
        f"""SELECT DISTINCT '{version.name}' AS methodology, region, hour_start,
          CAST({given["intensity_ug_per_kwh"]} AS BIGINT) AS intensity_ug_per_kwh, 'given by the case' AS factor_origin,
          CAST(NULL AS {engine.written("TIMESTAMP WITH TIME ZONE")}) AS provisional_until
        FROM session_hour""",
    )
    version.run(engine, skip=("intensity",))


def _session_case(
    engine: Relations, version: Methodology, case: dict[str, Any], rules: dict[str, int | None]
) -> Iterator[str]:
    load_rules(engine, [("case", rules, _caps(case["given"]))])
    run_session(engine, version, case["given"])
    expect = case["expect"]
    unknown = sorted(set(expect) - set(RESULTS) - {"awaiting", *BY_HOUR, "rests_on_fallback"})
    if unknown:
        yield f"expects {', '.join(unknown)}, which nothing gives"
    stated = case["given"].get("intensity_ug_per_kwh")
    used = {row["intensity_ug_per_kwh"] for row in engine.rows("SELECT intensity_ug_per_kwh FROM grid_intensity_hour")}
    if isinstance(stated, int) and used != {stated}:
        yield f"intensity_ug_per_kwh: expected {stated}, got {sorted(map(str, used))}"
    found = engine.rows(
        "SELECT a.*, w.points FROM session_assessment AS a LEFT JOIN session_award AS w ON w.session_id = a.session_id"
    )
    if expect.get("awaiting"):
        if found:
            yield f"awaits {expect['awaiting']} by the case, but was assessed"
        return
    if not found:
        yield "was not assessed"
        return
    for name in RESULTS:
        if name in expect and found[0][name] != expect[name]:
            yield f"{name}: expected {expect[name]}, got {found[0][name]}"
    if expect.get("rests_on_fallback", False) != (found[0]["provisional_until"] is not None):
        yield f"rests on an open hour until {found[0]['provisional_until']}, which the case does not expect"
    yield from _hours(engine, "grid_intensity_hour", "intensity_ug_per_kwh", expect.get("intensity_ug_per_kwh"))
    yield from _hours(engine, "session_hour", "reading_wh", expect.get("reading_wh_by_hour"))


def _hours(engine: Relations, relation: str, column: str, expect: dict[str, int] | None) -> Iterator[str]:
    if expect is None:
        return
    rows = engine.rows(
        f"SELECT epoch_s(hour_start) AS hour, {column} AS value FROM {relation} "
        "WHERE hour_start IN (SELECT hour_start FROM session_hour)"
    )
    found = {instant_text(datetime.fromtimestamp(int(str(row["hour"])), UTC)): row["value"] for row in rows}
    if found != expect:
        yield f"{column}: expected {expect}, got {found}"


def match_case(
    engine: Relations, version: Methodology, case: dict[str, Any], rules: dict[str, int | None]
) -> Iterator[str]:
    """One hour of green supply: the sessions compete for the pools, are assessed and awarded."""
    load_rules(engine, [("case", rules, _caps({}))])
    yield from matched_hour(engine, version, case)


def _award_case(
    engine: Relations, version: Methodology, case: dict[str, Any], rules: dict[str, int | None]
) -> Iterator[str]:
    given = case["given"]
    load_rules(engine, [("case", rules, _caps(given))])
    sessions = [_award_session(version, told) for told in given["sessions"]]
    load_border(engine, "session", sessions)
    assessed = [
        {**session, "energy_wh": told["energy_wh"], "baseline_emissions_ng": told["emission_reductions_ng"]}
        | {"project_emissions_ng": 0, "emission_reductions_ng": told["emission_reductions_ng"]}
        for session, told in zip(sessions, given["sessions"], strict=True)
    ]
    load_border(engine, "session_assessment", assessed)
    version.run(engine, skip=tuple(step for step in version.steps if step != "award"))
    found = {str(row["session_id"]): row for row in engine.rows("SELECT * FROM session_award")}
    if set(found) != set(case["expect"]["sessions"]):
        yield f"expected awards of {sorted(case['expect']['sessions'])}, got {sorted(found)}"
    for lineage, expect in case["expect"]["sessions"].items():
        if lineage not in found:
            continue
        got = {name: int(found[lineage][name]) for name in AMOUNTS}  # type: ignore[call-overload]
        owed = {name: expect[name] for name in AMOUNTS}
        if got != owed or found[lineage]["not_awarded_reason"] != expect.get("reason"):
            yield f"{lineage}: expected {owed} {expect.get('reason')}, got {got} {found[lineage]['not_awarded_reason']}"


def _award_session(version: Methodology, told: dict[str, Any]) -> dict[str, Any]:
    ended = _instant(told["ended_at"])
    return {
        **{"session_id": told["lineage"], "programme": "case", "vintage": vintage_of(version, ended), "region": ""},
        **{"power_type": "AC", "metering_point": "ac_input", "rated_w": told["rated_w"], "operator_id": "CASE"},
        **{"started_at": ended - timedelta(seconds=told["charging_seconds"]), "ended_at": ended},
        **{"reading_wh": told["reading_wh"], "user_id": "user"},
        "first_landed_at": ended + timedelta(days=told["landed_days_after_end"]),
    }


def check_cases(version: Methodology) -> list[CaseResult]:
    """All cases of a version. Raises Refused where it has none: a version without examples cannot be checked."""
    found = [result for path in case_files(version) for result in run_cases(version, path)]
    if not found:
        raise Refused(f"{version.name} has no cases in {version.folder.name}/cases")
    return found
