"""What the check of a version refuses by reading alone: units, dates and references, each breach beside what just passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chargeledger import rooms, versioning
from chargeledger.methodology import load, read_folder
from chargeledger.version_check import check_stated

TABLE_HEAD = "region,source,factor_ug_per_kwh,valid_from,valid_until,data_year,published_on,citation,confidence\n"


@pytest.fixture
def draft(room: Path) -> Path:
    return versioning.new_version(load("cn_ev_charging@1.2.0"), "1.2.1")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def judged(folder: Path) -> dict[str, str]:
    """What broke, by check."""
    return {finding.what: finding.said for finding in check_stated(read_folder(folder)) if not finding.passed}


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_every_published_version_passes(name: str) -> None:
    assert judged(load(name).folder) == {}


P, M, C, A, G = "parameters.yaml", "methodology.yaml", "factors.csv", "assess.sql", "intensity.sql"
LATER = "2026-01-02\n    valid_until: null\n    derivation"
FUEL = "gasoline_kg_per_l * fuel_l_per_100km"
LOSSES = 'source: "disclosed, not used: '
BROKEN = [
    # Units: a closed list, and the dimension of what is derived.
    (P, 'unit: "kg/L"', 'unit: "kg/l"', "units", "gasoline_kg_per_l: unit 'kg/l' is not one of methodology/units.yaml"),
    (P, 'unit: "per mille"', 'unit: "percent"', "units", "charger_efficiency: unit 'percent' is not one of"),
    (P, 'unit: "kg/L"', 'unit: "L/100 km"', "units", "baseline_intensity AC: derived as co2 x distance^-1"),
    (P, f"{FUEL} /", f"{FUEL} *", "units", "derived as co2 x distance^-2 x energy, but its unit is ug CO2/kWh"),
    (P, "gasoline_kg_per_l * fuel", "gasoline_kg_per_l + fuel", "units", "adds co2 x volume^-1 and energy^-1 x volume"),
    (P, "gasoline_kg_per_l * fuel", "gasoline_kg_per_l**2 * fuel", "units", "derived as co2 x energy^-1 x mass x volume^-1"),
    (P, "1000 * charger_efficiency_ac", "1000 * fuel_l_per_100km", "units", "derived as distance^-1 x volume"),
    # References: what is named is there, and what is there is used.
    (M, "    step: intensity", "    step: intensify", "references", "equation E2: there is no step 'intensify'"),
    (M, "    step: intensity", "    step: assess", "references", "step 'intensity' has no equation"),
    (P, LOSSES, 'source: "', "references", "input grid_losses_share is in no derivation"),
    (A, "e.name = 'charger_efficiency'", "e.name = 'efficiency'", "references", "joins parameter 'efficiency', which"),
    (A, "e.name = 'charger_efficiency'", "e.name IN ('efficiency')", "references", "charger_efficiency is joined by no step"),
    (G, "f.source = 'average'", "f.source IN ('average', 'mean')", "references", "names factor 'mean', which is not there"),
    # Dates: one value for every vintage of the version.
    (P, LATER.replace("-02", "-01", 1), LATER, "dates", "baseline_intensity AC: starts on 2026-01-02, after"),
    (C, "2026-01-01", "2026-01-02", "dates", "factor CN average: starts on 2026-01-02, after 2026-01-01"),
    (C, "2026-01-01,,", "2026-01-01,2027-01-01,", "dates", "factor CN average: ends on 2027-01-01"),
    (C, "2026-01-01,,", "2026-01-01,2026-01-01,", "dates", "factor CN average: holds on no day"),
    (C, "2026-01-01,,", "2026-13-01,,", "dates", "factor CN average: "),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "check", "said"), BROKEN)
def test_what_breaks_is_named(draft: Path, file: str, old: str, new: str, check: str, said: str) -> None:
    edit(draft / file, old, new)
    found = judged(draft)
    assert said in found[check], found


def factors(*spans: tuple[str, str]) -> str:
    """One factor over some spans of days."""
    rows = (f"CN,average,530600000,{start},{until},2023,2025-12-31,paper,H\n" for start, until in spans)
    return TABLE_HEAD + "".join(rows)


def joined_by_day(folder: Path) -> None:
    """Intensity that asks for the factor of the day; no version that is published does."""
    edit(folder / "intensity.sql", "f.source = 'average'", "f.source = 'average' AND f.valid_from <= h.hour_start")


SPANS = [
    ((("2026-01-01", "2026-07-01"), ("2026-07-01", "")), None),
    ((("2026-07-01", ""), ("2026-01-01", "2026-07-01")), None),
    ((("2025-01-01", "2026-07-01"), ("2026-07-01", "")), None),
    ((("2026-01-01", "2026-06-30"), ("2026-07-01", "")), "gap from 2026-06-30 to 2026-07-01"),
    ((("2026-01-01", "2026-07-02"), ("2026-07-01", "")), "overlap on 2026-07-01"),
    ((("2026-01-01", ""), ("2026-07-01", "")), "overlap on 2026-07-01"),
    ((("2026-01-01", "2026-07-01"), ("2026-07-01", "2027-01-01")), "ends on 2027-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(("spans", "said"), SPANS)
def test_two_factors_of_one_key_follow_one_another_or_are_refused(
    draft: Path, spans: tuple[tuple[str, str], ...], said: str | None
) -> None:
    joined_by_day(draft)
    (draft / "factors.csv").write_text(factors(*spans), encoding="utf-8")
    found = judged(draft)
    assert found.get("dates") == (said and f"factor CN average: {said}") and found.keys() <= {"dates"}


def test_sql_that_would_join_both_factors_of_a_day_is_refused(draft: Path) -> None:
    (draft / "factors.csv").write_text(factors(*SPANS[0][0]), encoding="utf-8")
    assert judged(draft)["references"].startswith("intensity.sql joins factors of more than one span")


def test_a_version_that_ends_may_have_numbers_that_end_with_it(draft: Path) -> None:
    edit(draft / "methodology.yaml", "vintage_until: null", "vintage_until: 2027-01-01")
    edit(draft / "factors.csv", "2026-01-01,,", "2026-01-01,2027-01-01,")
    assert judged(draft) == {}
    edit(draft / "factors.csv", "2027-01-01", "2026-12-31")
    assert judged(draft) == {"dates": "factor CN average: ends on 2026-12-31"}


def unread(folder: Path) -> None:
    entry = "  - {name: reach_h, power_type: AC, value: 1, unit: h, valid_from: 2026-01-01, valid_until: null,\n"
    entry += '     derivation: "1 * reach", source: paper, confidence: P}\n'
    with open(folder / "parameters.yaml", "a", encoding="utf-8") as text:
        text.write(entry)
    reach = '  - {name: reach, value: "1", unit: h, valid_from: 2026-01-01, valid_until: null, source: paper, confidence: P}\n'
    edit(folder / "parameters.yaml", "parameters:\n", f"{reach}parameters:\n")


def read_elsewhere(folder: Path) -> None:
    unread(folder)
    edit(folder / "parameters.yaml", '"1 * reach",', '"1 * reach", read_by: "the run",')


@pytest.mark.parametrize(("change", "said"), [(unread, "parameter reach_h is joined by no step"), (read_elsewhere, "")])
def test_a_parameter_is_joined_or_says_who_reads_it(draft: Path, change: Callable[[Path], None], said: str) -> None:
    change(draft)
    found = judged(draft)
    assert said in found["references"] if said else found == {}
