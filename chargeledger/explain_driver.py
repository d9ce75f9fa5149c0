"""The first paragraph of an explanation: what a driver asks, in plain words, in English or Chinese."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chargeledger import rooms
from chargeledger.document import read_yaml
from chargeledger.engine import Engine, quoted
from chargeledger.explain_numbers import read_per_mille
from chargeledger.methodology import Methodology

LANGUAGES = ("en", "zh")
NG_PER_G = 10**9
Row = dict[str, Any]
COUNTED = """
SELECT supply_kind, sum(counted_wh) AS counted_wh, sum(matched_wh - counted_wh) AS cut_wh
FROM session_match GROUP BY supply_kind ORDER BY supply_kind DESC
"""
MEAN = """
SELECT CAST(div_up(sum(CAST(h.reading_wh AS HUGEINT) * i.intensity_ug_per_kwh), sum(h.reading_wh)) AS BIGINT) AS mean
FROM session_hour AS h JOIN {relation} AS i ON i.region = h.region AND i.hour_start = h.hour_start HAVING sum(h.reading_wh) > 0
"""


@cache
def words(language: str) -> dict[str, str]:
    """What is said in a language, by key."""
    said = read_yaml(Path(__file__).parent / "explain_words.yaml")
    return dict(said[language])


def paragraph(engine: Engine, language: str, zone: str, scoped: Row, state: Row, version: Methodology | None) -> str:
    """What the charge is worth and why, from the relations of a computation that hold this session alone."""
    say = words(language)
    end = scoped["ended_at"].astimezone(ZoneInfo(zone))
    told = [
        say["charged"].format(day=_day(end, language), kwh=_kwh(scoped["reading_wh"]), region=_region(scoped, language))
    ]
    assessed = engine.rows("SELECT * FROM session_assessment")
    if version is None or not assessed:
        return _joined([*told, _state(say, state)], language)
    a = assessed[0]
    awards = engine.rows("SELECT * FROM session_award")
    told.append(_avoided(say, a))
    told.append(_award(engine, say, scoped, awards[0]) if awards else _state(say, state))
    if version.matching:
        told += _green(engine, say, a, awards, read_per_mille(version, scoped))
    if a["data_quality_tier"] in ("DQ2", "DQ3") and not version.matching:
        told.append(say[f"tier_{a['data_quality_tier']}"])
    if a["provisional_until"]:
        until = _day(a["provisional_until"].astimezone(ZoneInfo(zone)), language)  # type: ignore[attr-defined]
        told.append(say["open_green" if version.matching else "open_grid"].format(day=until))
    if state["state"] == "awaiting approval":
        told.append(say["state_awaiting_approval"])
    if scoped["vehicle_class"] is None:
        told.append(say["assumed"])
    return _joined(told, language)


def _joined(sentences: list[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(sentence for sentence in sentences if sentence)


def _day(instant: datetime, language: str) -> str:
    if language == "zh":
        return f"{instant.year}年{instant.month}月{instant.day}日"
    return f"{instant.day} {instant:%B} {instant.year}"


def _kwh(wh: object) -> str:
    return f"{Decimal(str(wh)).scaleb(-3):,.3f}".rstrip("0").rstrip(".")


def _kg(ng: object, rounding: str) -> str:
    return f"{(Decimal(str(ng)) / 10**12).quantize(Decimal('0.1'), rounding):,}"


def _grams(ug: int) -> str:
    return f"{Decimal(ug).scaleb(-6).quantize(Decimal('0.1')):,}"


def _region(scoped: Row, language: str) -> str:
    with open(rooms.CONTRACTS / "reference" / "region.csv", encoding="utf-8", newline="") as rows:
        names = {row["region"]: row["name_zh" if language == "zh" else "name"] for row in csv.DictReader(rows)}
    return names.get(str(scoped["region"]), str(scoped["region"] or "-"))


def _state(say: dict[str, str], state: Row) -> str:
    if state["reason"] == "not enrolled":
        return say["state_not_enrolled"]
    return say.get(f"state_{state['state'].replace(' ', '_')}", "").format(reason=state["reason"])


def _avoided(say: dict[str, str], a: Row) -> str:
    figures = {
        "baseline": _kg(a["baseline_emissions_ng"], ROUND_FLOOR),
        "project": _kg(a["project_emissions_ng"], ROUND_CEILING),
        "reductions": _kg(a["emission_reductions_ng"], ROUND_FLOOR),
    }
    return say["avoided" if a["emission_reductions_ng"] > 0 else "no_gain"].format(**figures)


def _award(engine: Engine, say: dict[str, str], scoped: Row, award: Row) -> str:
    reason = award["not_awarded_reason"]
    if reason:
        rule = engine.rows(f"SELECT * FROM reward_rule WHERE programme = {quoted(scoped['programme'])}")[0]
        limits = {
            "min_kwh": _kwh(rule["min_energy_wh"] or 0),
            "max_kwh": _kwh(rule["max_energy_wh"] or 0),
            "hours": Decimal(str(rule["max_charging_s"] or 0)) / 3600,
            "days": Decimal(str(rule["claim_window_s"] or 0)) / 86400,
        }
        return say[f"rule_{reason}"].format(**limits)
    if award["emission_reductions_ng"] <= 0:
        return ""
    return say["capped" if award["capped_ng"] else "points"].format(points=f"{award['points']:,}")


def _green(engine: Engine, say: dict[str, str], a: Row, awards: list[Row], per_mille: int) -> list[str]:
    """How much green power there was of what was drawn, and why the points are more or fewer than by the mix of the region."""
    rows = engine.rows(COUNTED)
    counted = {str(row["supply_kind"]): int(str(row["counted_wh"])) for row in rows if row["counted_wh"]}
    cut_wh = sum(int(str(row["cut_wh"])) for row in rows)
    reading_wh = engine.scalar("SELECT sum(reading_wh) FROM session_hour")
    told = [say["green_none"]]
    if counted:
        parts = say["between"].join(
            say[f"supply_{kind}"].format(kwh=_kwh(wh)) for kind, wh in sorted(counted.items(), reverse=True)
        )
        share = min(
            100, sum(counted.values()) * per_mille // (reading_wh * 10)
        )  # of reading x 1000 / per_mille, in percent
        told = [say["green"].format(share=share, parts=parts)]
    if cut_wh:
        told.append(say["green_cut"].format(kwh=_kwh(cut_wh)))
    if a["other_basis_reductions_ng"] is None or not awards or awards[0]["not_awarded_reason"]:
        return told
    here = max(0, int(a["emission_reductions_ng"]) // NG_PER_G)
    other = max(0, int(a["other_basis_reductions_ng"]) // NG_PER_G)
    residual = _grams(engine.scalar("SELECT max(intensity_ug_per_kwh) FROM grid_intensity_hour"))
    mix = _grams(engine.scalar(MEAN.format(relation="location_intensity_hour")))
    figures = {"other": f"{other:,}", "residual": residual, "mix": mix}
    if other > here:
        return [*told, say["other_fewer"].format(less=f"{other - here:,}", **figures)]
    if other < here:
        why = say["why_green" if counted else "why_residual"].format(residual=residual)
        return [*told, say["other_more"].format(more=f"{here - other:,}", why=why, **figures)]
    return [*told, say["other_same"]]
