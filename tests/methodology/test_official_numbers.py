"""Factors against the notices that they cite, and the days from which each is used."""

from __future__ import annotations

import csv
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from chargeledger import rooms
from chargeledger.methodology import Methodology, load
from chargeledger.programme import programmes

# Version: data year, kg CO2/kWh, day of publication, first day of use (the first of the month that follows).
NATIONAL = {
    "cn_ev_charging@1.0.0": ("2021", "0.5568", date(2024, 4, 12), date(2024, 5, 1)),
    "cn_ev_charging@1.1.0": ("2022", "0.5366", date(2024, 12, 20), date(2025, 1, 1)),
    "cn_ev_charging@1.2.0": ("2023", "0.5306", date(2025, 12, 31), date(2026, 1, 1)),
}
# Direct emissions of a source, g CO2/kWh.
SOURCES = {"coal": 760, "gas": 370, "oil": 406, "other": 575, "unknown": 575} | dict.fromkeys(
    ("nuclear", "hydro", "solar", "wind", "biomass", "geothermal"), 0
)


def day_after_month_end(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def in_force() -> dict[str, tuple[str, date, date | None]]:
    return {name: (p.name, start, end) for p in programmes() for start, end, name in p.versions}


@pytest.fixture(params=NATIONAL)
def version(request: pytest.FixtureRequest) -> Methodology:
    return load(request.param)


def test_a_chinese_version_uses_one_national_average(version: Methodology) -> None:
    year, kg_per_kwh, published_on, first_day = NATIONAL[version.name]
    (factor,) = version.factors
    assert (factor["region"], factor["source"], factor["data_year"]) == ("CN", "average", year)
    assert int(factor["factor_ug_per_kwh"]) == Fraction(kg_per_kwh) * 10**9
    assert (factor["published_on"], factor["confidence"]) == (published_on.isoformat(), "H")
    assert factor["valid_from"] == first_day.isoformat() and factor["valid_until"] == ""
    assert day_after_month_end(published_on) == first_day


def test_the_factor_is_the_official_one(version: Methodology, shared: Path) -> None:
    path = shared / "data" / "factors" / "china" / "grid_factors_2021_2023.csv"
    if not path.exists():
        pytest.skip("the official factors are not beside this checkout")
    with open(path, encoding="utf-8", newline="") as rows:
        average = {row["data_year"]: row for row in csv.DictReader(rows) if (row["code"], row["kind"]) == ("CN", "avg")}
    (factor,) = version.factors
    official = average[factor["data_year"]]
    assert int(factor["factor_ug_per_kwh"]) == Fraction(official["kgco2_per_kwh"]) * 10**9
    assert day_after_month_end(date.fromisoformat(official["published_on"])).isoformat() == factor["valid_from"]
    year, number = factor["citation"].split("notice ")[1].split(":")[0].split(" No. ")
    assert f"{year}年第{number}号" in official["notice"]


def test_a_version_is_in_force_from_its_factors_first_day_of_use(version: Methodology) -> None:
    programme, start, _ = in_force()[version.name]
    first_day = NATIONAL[version.name][3]
    assert programme == "cn_green_energy"
    assert version.identity["applicability"]["vintage_from"] == first_day == start
    assert {entry["valid_from"] for entry in (*version.inputs.values(), *version.parameters)} == {first_day}


def test_one_version_follows_the_other_without_a_gap() -> None:
    (china,) = [p for p in programmes() if p.name == "cn_green_energy"]
    assert china.versions == (
        (date(2024, 5, 1), date(2025, 1, 1), "cn_ev_charging@1.0.0"),
        (date(2025, 1, 1), date(2026, 1, 1), "cn_ev_charging@1.1.0"),
        (date(2026, 1, 1), None, "cn_ev_charging@1.2.0"),
    )
    (california,) = [p for p in programmes() if p.name == "us_california"]
    assert california.versions == ((date(2018, 1, 1), None, "us_ev_charging@1.0.0"),)


def test_sources_of_california_have_the_direct_factors() -> None:
    version = load("us_ev_charging@1.0.0")
    assert {f["source"]: int(f["factor_ug_per_kwh"]) for f in version.factors} == {
        source: grams * 10**6 for source, grams in SOURCES.items()
    }
    assert {f["region"] for f in version.factors} == {"US"}


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_every_number_says_its_unit_source_and_confidence(name: str) -> None:
    version = load(name)
    for entry in (*version.inputs.values(), *version.parameters):
        assert entry["unit"] and len(entry["source"]) > 10 and entry["confidence"] in "HMP"
    for factor in version.factors:
        assert len(factor["citation"]) > 10 and factor["confidence"] in "HMP"
    proposals = {name for name, entry in version.inputs.items() if entry["confidence"] == "P"}
    text = (version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")
    assert proposals and "provisional" in text.lower() and version.identity["provisional"]


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_the_text_does_not_claim_what_this_is_not(name: str) -> None:
    """An estimate, never a credit or an offset; and nobody else's figure."""
    version = load(name)
    said = "\n".join(
        (version.folder / file).read_text(encoding="utf-8")
        for file in ("METHODOLOGY.md", "methodology.yaml", "parameters.yaml")
    ).lower()
    assert "estimate" in said and "not a figure of" in said.replace("\n", " ")
    assert "offset" not in said and "ant forest" not in said
