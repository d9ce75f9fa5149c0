"""Programmes: where and when one runs, which methodology version is in force from which day, and its rules of award."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from chargeledger import rooms
from chargeledger.adoption import check_adoptions
from chargeledger.document import parse_yaml
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import Methodology, load
from chargeledger.relations import Relations

RULES = ("min_energy_wh", "max_energy_wh", "max_charging_s", "max_power_per_mille", "claim_window_s")
REACH = ("fallback_window_h", "missing_hour_deadline_s", "retirement_deadline_s", "certificate_valid_months")
DAY_S = 86_400
ENROLMENT = {"none": False, "required": True}
CAPS = {"points_per_account_and_vintage", "energy_wh_per_account_and_vintage"}
WORDS = {"programme", "title", "zone", "regions", "methodology", "correction_window_days", "enrolment"}
WORDS |= {"reward_rules", "caps", "provisional", "since", "match_close_hours", "approval"}
LINE_WORDS = {"in_force_from", "version", "adopted", "shadow", "restate"}
MATCH_CLOSE_HOURS = 72
# Beyond which of these all changes to awards of a vintage wait for approval; absent is none.
THRESHOLDS = ("points_per_mille", "users_per_mille", "vintage_age_days")
# What a line does to awards that are there: it leaves them, moves those of open vintages, or proposes those of final ones too.
FORWARD_ONLY, RESTATE_OPEN, RESTATE_ALL = "forward_only", "restate_open", "restate_all"
IN_FORCE = (
    "programme VARCHAR, methodology VARCHAR, methodology_digest VARCHAR, in_force_from DATE, in_force_until DATE, "
    "needs_county BOOLEAN, restate VARCHAR"
)


@dataclass(frozen=True)
class Programme:
    """One programme file. `versions` are (in force from, until or None, version), in order and without a gap.

    `lines` are the same as they stand in the file, with how each was adopted; `since` is the day of the programme's first file.
    """

    name: str
    title: str
    zone: str
    regions: tuple[str, ...]
    versions: tuple[tuple[date, date | None, str], ...]
    lines: tuple[dict[str, Any], ...]
    since: date | None
    correction_window_s: int
    asks_enrolment: bool
    match_close_s: int
    rules: dict[str, int | None]
    caps: dict[str, int | None]
    thresholds: dict[str, int | None]
    provisional: tuple[str, ...]
    digest: str
    text: bytes

    def restates(self, start: date) -> str:
        """What the line of that day does to awards that are there."""
        told = (line.get("restate") for line in self.lines if line["in_force_from"] == start)
        return next(told, None) or FORWARD_ONLY


def read_programme(path: Path) -> Programme:
    """Read a programme file. Raises Refused where it is not one."""
    try:
        raw = path.read_bytes()
        said: dict[str, Any] = parse_yaml(raw)
        starts = [entry["in_force_from"] for entry in said["methodology"]]
        if starts != sorted(set(starts)):
            raise Refused(f"{path.name}: the days of 'methodology' must ascend, each once")
        ends = [*starts[1:], None]
        names = [entry["version"] for entry in said["methodology"]]
        _check_words(path, said)
        return Programme(
            name=said["programme"],
            title=said["title"],
            zone=said["zone"],
            regions=tuple(said["regions"]),
            versions=tuple(zip(starts, ends, names, strict=True)),
            lines=tuple(said["methodology"]),
            since=said.get("since"),
            correction_window_s=said["correction_window_days"] * DAY_S,
            asks_enrolment=ENROLMENT[said["enrolment"]],
            match_close_s=said.get("match_close_hours", MATCH_CLOSE_HOURS) * 3600,
            rules={rule: said["reward_rules"][rule] for rule in RULES},
            caps=dict(said["caps"]),
            thresholds={name: (said.get("approval") or {}).get(name) for name in THRESHOLDS},
            provisional=tuple(said.get("provisional", ())),
            digest=hashlib.sha256(raw).hexdigest(),
            text=raw,
        )
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise Refused(f"methodology/programmes/{path.name} is not a programme: {error!r}") from error


@cache
def _zones() -> set[str]:
    return available_timezones()  # walks through some 600 files


def _check_words(path: Path, said: dict[str, Any]) -> None:
    """Refuse what nobody would read, and what YAML reads otherwise than it is meant."""
    unknown = [*(set(said) - WORDS), *(set(said["reward_rules"]) - set(RULES)), *(set(said["caps"]) - CAPS)]
    if unknown:
        raise Refused(f"{path.name} of programme {said['programme']}: nobody reads {', '.join(sorted(unknown))}")
    _check_approval(path, said)
    wrong = [region for region in said["regions"] if not isinstance(region, str)]
    if wrong:
        raise Refused(f"{path.name}: regions {wrong} are not text: write them in quotes, such as 'NO'")
    twice = sorted({region for region in said["regions"] if said["regions"].count(region) > 1})
    if twice:
        raise Refused(f"{path.name}: regions {', '.join(twice)} are named twice")
    if said["zone"] not in _zones():
        raise Refused(f"{path.name} of programme {said['programme']}: there is no time zone '{said['zone']}'")


def _check_approval(path: Path, said: dict[str, Any]) -> None:
    """Refuse thresholds and adoptions that nobody knows."""
    told = said.get("approval") or {}
    unknown = [*(set(told) - set(THRESHOLDS)), *({word for line in said["methodology"] for word in line} - LINE_WORDS)]
    if unknown:
        raise Refused(f"{path.name} of programme {said['programme']}: nobody reads {', '.join(sorted(unknown))}")
    wrong = sorted(n for n, v in told.items() if v is not None and (type(v) is not int or v < 0))
    if wrong:
        raise Refused(f"{path.name}: {', '.join(wrong)} under 'approval' must be a whole number from 0 on, or null")
    for line in said["methodology"]:
        if line.get("restate", FORWARD_ONLY) not in (FORWARD_ONLY, RESTATE_OPEN, RESTATE_ALL):
            raise Refused(
                f"{path.name}: the line of {line['in_force_from']} says 'restate: {line['restate']}'; "
                f"it may say {FORWARD_ONLY}, {RESTATE_OPEN} or {RESTATE_ALL}"
            )


def programmes(folder: Path | None = None) -> list[Programme]:
    """All programmes, of the project or of a folder. Refused where two claim one region, or one adopts without a shadow."""
    folder = folder or rooms.METHODOLOGY / "programmes"
    found = [read_programme(path) for path in sorted(folder.glob("*.yaml"))]
    names = [programme.name for programme in found]
    if len(set(names)) < len(names):
        raise Refused(f"two files say that they are one programme: {', '.join(sorted(names))}")
    owner: dict[str, str] = {}
    for programme in found:
        check_adoptions(programme.name, programme.since, programme.lines)
        for region in programme.regions:
            if other := owner.setdefault(region, programme.name):
                if other != programme.name:
                    raise Refused(f"region {region} is claimed by the programmes {other} and {programme.name}")
    return found


def check_name(name: str | None) -> None:
    """Raise UsageError where there is no programme of that name."""
    if name and name not in rooms.programme_names():
        raise UsageError(f"unknown programme '{name}'. Known: {', '.join(rooms.programme_names())}")


def load_programmes(
    engine: Relations, found: list[Programme], *, draft_allowed: bool = False
) -> dict[str, Methodology]:
    """Create the programme relations in the engine and return the versions in force, by name, each verified."""
    versions = {name: load(name, draft_allowed=draft_allowed) for p in found for _, _, name in p.versions}
    for programme in found:
        check_applicable(programme, versions)
    engine.load_rows(
        "programme",
        "programme VARCHAR, zone VARCHAR, correction_window_s BIGINT, asks_enrolment BOOLEAN, programme_digest VARCHAR",
        [(p.name, p.zone, p.correction_window_s, p.asks_enrolment, p.digest) for p in found],
    )
    engine.load_rows(
        "programme_region", "programme VARCHAR, region VARCHAR", [(p.name, r) for p in found for r in p.regions]
    )
    engine.load_rows(
        "methodology_in_force",
        IN_FORCE,
        [
            (p.name, name, versions[name].digest, start, end, versions[name].needs_county, p.restates(start))
            for p in found
            for start, end, name in p.versions
        ],
    )
    load_thresholds(engine, found)
    load_rules(engine, [(p.name, p.rules, p.caps) for p in found])
    load_match_rule(engine, [(p.name, p.match_close_s) for p in found])
    load_applicability(engine, versions)
    return versions


def load_thresholds(engine: Relations, found: list[Programme]) -> None:
    """Create the relation `approval_rule`: a row for each programme with a threshold; NULL is none."""
    engine.load_rows(
        "approval_rule",
        "programme VARCHAR, points_per_mille BIGINT, users_per_mille BIGINT, vintage_age_days BIGINT, vintage_age_s BIGINT",
        [
            (p.name, *p.thresholds.values(), None if days is None else days * DAY_S)
            for p in found
            if any(value is not None for value in p.thresholds.values())
            for days in [p.thresholds["vintage_age_days"]]
        ],
    )


def load_match_rule(engine: Relations, rules: list[tuple[str, int]]) -> None:
    """Create the relation `match_rule`: how long after an hour's end its green supply is matched, per programme."""
    engine.load_rows("match_rule", "programme VARCHAR, match_close_s BIGINT", rules)


def load_applicability(engine: Relations, versions: dict[str, Methodology]) -> None:
    """Create `methodology_vehicle_class`, `methodology_county` and `methodology_reach`: for whom, and how far it looks."""
    engine.load_rows(
        "methodology_vehicle_class",
        "methodology VARCHAR, vehicle_class VARCHAR, assumed_class VARCHAR",
        [(name, each, v.vehicle_classes[0]) for name, v in versions.items() for each in v.vehicle_classes],
    )
    engine.load_rows(
        "methodology_county",
        "methodology VARCHAR, county_prefix VARCHAR",
        [(name, prefix) for name, v in versions.items() for prefix in v.county_prefixes],
    )
    engine.load_rows(
        "methodology_reach",
        "methodology VARCHAR, " + ", ".join(f"{name} BIGINT" for name in REACH),
        [(name, v.value_of(REACH[0]) or 0, *map(v.value_of, REACH[1:])) for name, v in versions.items()],
    )


def check_applicable(programme: Programme, versions: dict[str, Methodology]) -> None:
    """Refuse a programme that puts a version in force on a day or in a region outside the version's applicability."""
    for start, end, name in programme.versions:
        where = versions[name].identity["applicability"]
        until = where["vintage_until"]
        if start < where["vintage_from"] or (until and (end is None or end > until)):
            raise Refused(
                f"programme {programme.name} puts {name} in force from {start} to {end or 'open'}, but it applies from "
                f"{where['vintage_from']} to {until or 'open'}: a vintage outside is refused"
            )
        foreign = sorted(set(programme.regions) - set(where["regions"]))
        if foreign:
            raise Refused(f"programme {programme.name} uses {name} in {', '.join(foreign)}, where it does not apply")


def load_rules(engine: Relations, rules: list[tuple[str, dict[str, int | None], dict[str, int | None]]]) -> None:
    """Create the relation `reward_rule`: programme, rules, then energy cap and points cap; NULL is no rule."""
    engine.load_rows(
        "reward_rule",
        "programme VARCHAR, "
        + ", ".join(f"{rule} BIGINT" for rule in RULES)
        + ", energy_cap_wh BIGINT, points_cap BIGINT",
        [
            (
                name,
                *(rule[key] for key in RULES),
                caps["energy_wh_per_account_and_vintage"],
                caps["points_per_account_and_vintage"],
            )
            for name, rule, caps in rules
        ],
    )
