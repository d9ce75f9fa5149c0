"""Cases of a version: examples with their answers, run through the version's own SQL, to the ng and the point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology
from chargeledger.programme import RULES, load_rules

SESSION_COLUMNS = (
    "session_id VARCHAR, programme VARCHAR, vintage DATE, region VARCHAR, power_type VARCHAR, metering_point VARCHAR, "
    "rated_w BIGINT, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, reading_wh BIGINT, user_id VARCHAR, "
    "first_landed_at TIMESTAMPTZ, standing_points BIGINT, standing_energy_wh BIGINT"
)
PWH_PER_MWH = 10**18
START = datetime(2026, 3, 10, 13, tzinfo=UTC)
NO_RULES: dict[str, int | None] = dict.fromkeys(RULES)
AMOUNTS = ("points", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")
RESULTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng", "points")


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


def run_cases(version: Methodology, path: Path, only: str | None = None) -> Iterator[CaseResult]:
    """Run every case of a file; `only` keeps the cases whose `given.version` is that."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    rules = {**NO_RULES, **said.get("rules", {})}
    with Engine(threads=1) as engine:
        for case in said["cases"]:
            if only is None or case["given"].get("version", only) == only:
                run = _award_case if "sessions" in case["given"] else _session_case
                yield CaseResult(path.name, case["name"], tuple(run(engine, version, case, rules)))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _load_session(engine: Engine, rows: list[tuple[object, ...]]) -> None:
    engine.load_rows("session", SESSION_COLUMNS, rows)


def _caps(given: dict[str, Any]) -> dict[str, int | None]:
    kwh = given.get("kwh_cap")
    return {
        "energy_wh_per_account_and_vintage": None if kwh is None else int(kwh) * 1000,
        "points_per_account_and_vintage": given.get("points_cap"),
    }


def vintage_of(version: Methodology, ended_at: datetime) -> date:
    """The day of the end, or the version's first day for a case that names no later one."""
    first: date = version.identity["applicability"]["vintage_from"]
    return max(ended_at.date(), first)


def load_one_session(engine: Engine, version: Methodology, given: dict[str, Any]) -> None:
    """The border relations for one session; without times it fills one hour."""
    started = _instant(given["started_at"]) if "started_at" in given else START
    ended = _instant(given["ended_at"]) if "ended_at" in given else START + timedelta(hours=1)
    region = version.identity["applicability"]["regions"][0]
    row = ("CASE:1", "case", vintage_of(version, ended), region, given["power_type"], given["metering_point"], None)
    _load_session(engine, [(*row, started, ended, given["reading_wh"], "user", ended, None, None)])
    mix = [
        (region, _instant(hour), source, Decimal(figure) * PWH_PER_MWH)
        for hour, sources in given.get("grid_mix", {}).items()
        for source, figure in sources.items()
    ]
    engine.load_rows(
        "grid_mix_hour",
        "region VARCHAR, hour_start TIMESTAMPTZ, source VARCHAR, generation_pwh DECIMAL(38,0)",
        mix,
    )


def run_session(engine: Engine, version: Methodology, given: dict[str, Any]) -> None:
    """Run all steps for one session. An intensity that is given stands for every hour, in place of the step,

    unless the case names the factor that the version is to find by itself.
    """
    load_one_session(engine, version, given)
    if not isinstance(given.get("intensity_ug_per_kwh"), int) or "factor_code" in given:
        version.run(engine)
        return
    started = "SELECT region, epoch_s(started_at) AS from_s, epoch_s(ended_at) - 1 AS until_s FROM session"
    engine.con.execute(
        f"""CREATE OR REPLACE TABLE grid_intensity_hour AS
        SELECT '{version.name}' AS methodology, region,
          instant_of(unnest(range(CAST(int_div(from_s, 3600) AS BIGINT), CAST(int_div(until_s, 3600) AS BIGINT) + 1)) * 3600)
            AS hour_start,
          CAST({given["intensity_ug_per_kwh"]} AS BIGINT) AS intensity_ug_per_kwh, 'given by the case' AS factor_origin
        FROM ({started})"""
    )
    version.run(engine, skip=("intensity",))


def _session_case(
    engine: Engine, version: Methodology, case: dict[str, Any], rules: dict[str, int | None]
) -> Iterator[str]:
    load_rules(engine, [("case", rules, _caps(case["given"]))])
    run_session(engine, version, case["given"])
    expect = case["expect"]
    unknown = sorted(set(expect) - set(RESULTS) - {"awaiting", "intensity_ug_per_kwh", "reading_wh_by_hour"})
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
        if name in expect and int(found[0][name]) != expect[name]:  # type: ignore[call-overload]
            yield f"{name}: expected {expect[name]}, got {found[0][name]}"
    yield from _hours(engine, "grid_intensity_hour", "intensity_ug_per_kwh", expect.get("intensity_ug_per_kwh"))
    yield from _hours(engine, "session_hour", "reading_wh", expect.get("reading_wh_by_hour"))


def _hours(engine: Engine, relation: str, column: str, expect: dict[str, int] | None) -> Iterator[str]:
    if expect is None:
        return
    rows = engine.con.execute(
        f"SELECT strftime(timezone('UTC', hour_start), '%Y-%m-%dT%H:%M:%SZ'), {column} FROM {relation}"
    ).fetchall()
    found = dict(rows)
    if found != expect:
        yield f"{column}: expected {expect}, got {found}"


def _award_case(
    engine: Engine, version: Methodology, case: dict[str, Any], rules: dict[str, int | None]
) -> Iterator[str]:
    given = case["given"]
    load_rules(engine, [("case", rules, _caps(given))])
    _load_session(engine, [_award_session(version, told) for told in given["sessions"]])
    engine.load_rows(
        "session_assessment",
        "session_id VARCHAR, programme VARCHAR, vintage DATE, region VARCHAR, energy_wh BIGINT, "
        "baseline_emissions_ng DECIMAL(38,0), project_emissions_ng DECIMAL(38,0), emission_reductions_ng DECIMAL(38,0)",
        [
            (s["lineage"], "case", vintage_of(version, _instant(s["ended_at"])), "", s["energy_wh"], er, 0, er)
            for s in given["sessions"]
            for er in [s["emission_reductions_ng"]]
        ],
    )
    version.run(engine, skip=("intensity", "allocate", "assess"))
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


def _award_session(version: Methodology, told: dict[str, Any]) -> tuple[object, ...]:
    ended = _instant(told["ended_at"])
    landed = ended + timedelta(days=told["landed_days_after_end"])
    started = ended - timedelta(seconds=told["charging_seconds"])
    row = (told["lineage"], "case", vintage_of(version, ended), "", "AC", "ac_input", told["rated_w"])
    return (*row, started, ended, told["reading_wh"], "user", landed, None, None)


def check_cases(version: Methodology) -> list[CaseResult]:
    """All cases of a version. Raises Refused where it has none: a version without examples cannot be checked."""
    found = [result for path in case_files(version) for result in run_cases(version, path)]
    if not found:
        raise Refused(f"{version.name} has no cases in {version.folder.name}/cases")
    return found
