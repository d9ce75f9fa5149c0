"""Every row rule of the grid relations at its boundary: what just passes and what just fails, in each source of them."""

from __future__ import annotations

import duckdb
import pytest

from chargeledger import flow
from chargeledger.contract import contract
from tests.staging.canonical_files import AT
from tests.staging.conftest import fixed_key
from tests.staging.grid_files import DIRECT, LIFE_CYCLE, row, write
from tests.staging.lake_contents import fates
from tests.staging.test_row_rules import GRID

Told = dict[str, str]
Fates = list[tuple[str, str | None]]
HALVES = {"coal_share": "0.5", "hydro_share": "0.5"}

# source: (rule, what just passes, what just fails)
BOUNDARIES: dict[str, list[tuple[str, Told, Told]]] = {
    "grid_mix_csv": [
        ("estimate_readable", {"is_estimated": " True "}, {"is_estimated": "1"}),
        ("estimate_readable", {"is_estimated": "  "}, {"is_estimated": "measured"}),
    ],
    "grid_mix_share_csv": [
        ("shares_sum_to_one", HALVES | {"coal_share": "0.500001"}, HALVES | {"coal_share": "0.500001000000000001"}),
        ("shares_sum_to_one", HALVES | {"coal_share": "0.499999"}, HALVES | {"coal_share": "0.499998999999999999"}),
        ("shares_sum_to_one", {"coal_share": "1", "hydro_share": "-0.5"}, {"coal_share": "1.5", "hydro_share": "-0.5"}),
        ("shares_sum_to_one", {"coal_share": "", "hydro_share": "1"}, {"coal_share": "25", "hydro_share": "75"}),
        ("generation_readable", HALVES | {"coal_share": "0.500000000000000000"}, {"coal_share": "25%"}),
        ("generation_positive", {"coal_share": "1.000", "hydro_share": "0"}, {"coal_share": "0", "hydro_share": "0"}),
        ("estimate_readable", {"is_estimated": "false"}, {"is_estimated": "no"}),
        (
            "nothing_told",
            {"coal_share": "", "hydro_share": "", "gas_share": "1"},
            {"coal_share": "", "hydro_share": " "},
        ),
    ],
    "norway_intensity_csv": [
        ("region_known", {"Zone id": " NO "}, {"Zone id": "NO-NO1"}),
        ("hour_readable", {"Datetime (UTC)": "2026-03-10 01:00:00 "}, {"Datetime (UTC)": "2026-03-10T01:00:00Z"}),
        ("hour_whole", {"Datetime (UTC)": "2026-03-10 23:00:00"}, {"Datetime (UTC)": "2026-03-10 23:00:01"}),
        ("intensity_readable", {DIRECT: "0.000001"}, {DIRECT: "0.0000001"}),
        ("intensity_readable", {DIRECT: " 3.0700000 "}, {DIRECT: "3,07"}),
        ("intensity_readable", {LIFE_CYCLE: "+27"}, {LIFE_CYCLE: "n/a"}),
        ("intensity_possible", {DIRECT: "0"}, {DIRECT: "-0.000001"}),
        ("intensity_possible", {LIFE_CYCLE: "2000"}, {LIFE_CYCLE: "2000.000001"}),
        ("estimate_told", {"Data estimated": "true"}, {"Data estimated": ""}),
        ("nothing_told", {DIRECT: ""}, {DIRECT: "", LIFE_CYCLE: " "}),
    ],
    "cn_factor_csv": [
        ("region_told", {"code": " CN-BJ "}, {"code": " "}),
        ("year_readable", {"data_year": "1990"}, {"data_year": "1989"}),
        ("year_readable", {"data_year": "2100"}, {"data_year": "2023.0"}),
        ("kind_told", {"kind": "fossil_only"}, {"kind": ""}),
        ("intensity_readable", {"kgco2_per_kwh": "0.000000001"}, {"kgco2_per_kwh": "0.0000000001"}),
        ("intensity_possible", {"kgco2_per_kwh": "2"}, {"kgco2_per_kwh": "2.000000001"}),
        ("intensity_possible", {"kgco2_per_kwh": "0"}, {"kgco2_per_kwh": "530.6"}),
    ],
}
# The basis is a constant of a definition, or written by the SQL of a source: no file can break its rule.
NOT_OF_A_FILE = {"basis_known"}
# Rules of parts and of local times: tests/staging/test_grid_parts.py.
OF_PARTS = {"hour_once", "parts_present", "parts_agree"}
CASES = [(source, place) for source, table in BOUNDARIES.items() for place in range(len(table))]


def _apart(source: str, place: int, change: Told) -> Told:
    """The row of a place, on a day or of an area that no other row is about."""
    if source == "cn_factor_csv":
        return row(source, {"kind": f"kind {place}"} | change)
    column = "Datetime (UTC)" if source == "norway_intensity_csv" else "hour_start"
    told = row(source, change)
    return told | {
        column: told[column].replace(
            "2026-03-10", f"20{24 + place // 300}-{1 + place // 28 % 12:02d}-{1 + place % 28:02d}"
        )
    }


@pytest.fixture(scope="module")
def fates_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fates]:
    told = {}
    for source, table in BOUNDARIES.items():
        folder = tmp_path_factory.mktemp(source)
        changed = [passing for _, passing, _ in table] + [failing for _, _, failing in table]
        changed += [{}] * (10 * len(table))
        rows = [_apart(source, place, change) for place, change in enumerate(changed)]
        with fixed_key():
            flow.ingest(source, [write(folder / "rows.csv", source, *rows)], str(folder / "lake"), AT)
        told[source] = fates(folder / "lake")
    return told


def _name(source: str, place: int) -> str:
    rule, passing, failing = BOUNDARIES[source][place]
    return f"{source} {rule}: {passing} / {failing}"


@pytest.mark.parametrize(("source", "place"), CASES, ids=[_name(*case) for case in CASES])
def test_a_row_at_the_boundary(source: str, place: int, fates_of: dict[str, Fates]) -> None:
    table = BOUNDARIES[source]
    assert fates_of[source][place] == ("accepted", None)
    assert fates_of[source][len(table) + place] == ("quarantined", table[place][0])


MIXES = [*GRID, *BOUNDARIES["grid_mix_csv"], *BOUNDARIES["grid_mix_share_csv"]]
OF_RELATION = {
    "grid_mix_hour": {rule for rule, _, _ in MIXES} | OF_PARTS,
    "grid_intensity_told": {rule for rule, _, _ in BOUNDARIES["norway_intensity_csv"]} | NOT_OF_A_FILE,
    "grid_factor_year": {rule for rule, _, _ in BOUNDARIES["cn_factor_csv"]} | NOT_OF_A_FILE,
}


@pytest.mark.parametrize("relation", OF_RELATION)
def test_no_row_rule_is_without_a_boundary(relation: str) -> None:
    assert {rule.rule_id for rule in contract(relation).row_rules} == OF_RELATION[relation] - {"nothing_told"}


@pytest.mark.parametrize("relation", ["grid_intensity_told", "grid_factor_year"])
@pytest.mark.parametrize(
    ("basis", "passes"), [("direct", True), ("life_cycle", True), ("lifecycle", False), ("Direct", False)]
)
def test_the_rule_of_the_basis(relation: str, basis: str, passes: bool) -> None:
    (rule,) = (rule for rule in contract(relation).row_rules if rule.rule_id == "basis_known")
    assert duckdb.sql(f"SELECT {rule.predicate} FROM (SELECT '{basis}' AS basis)").fetchall() == [(passes,)]
