"""JSON of Electricity Maps: years by zone, and hours of its API, each figure as the file says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.staging.canonical_files import AT
from tests.staging.lake_contents import fates, rows_of

UG_PER_G = 10**6
YEAR, HOUR = "electricity_maps_year_json", "electricity_maps_json"
SOUND_HOUR = {
    "zone": "NO",
    "carbonIntensity": 31,
    "datetime": "2026-03-10T01:00:00.000Z",
    "updatedAt": "2026-03-11T01:00:00.000Z",
    "emissionFactorType": "lifecycle",
    "isEstimated": False,
    "estimationMethod": None,
}
Told = dict[str, Any]


def zone(value: Any = 31, unit: Any = "gCO2eq/kWh") -> Told:
    """A zone of a year."""
    return {"zone": {"zoneName": "Nowhere"}, "carbonIntensity": {"value": value, "unit": unit}}


def written(path: Path, said: Any) -> str:
    path.write_text(json.dumps(said), encoding="utf-8")
    return str(path)


def hours(count: int, **told: Any) -> list[Told]:
    """Sound hours from the eleventh on."""
    return [SOUND_HOUR | {"datetime": f"2026-03-{11 + n // 24}T{n % 24:02d}:00:00.000Z"} | told for n in range(count)]


def test_a_year_is_one_factor_per_zone_and_the_name_of_the_file_tells_which(lake: str, tmp_path: Path) -> None:
    said = {"NO": zone(27.5), "XX-Y": zone("0.1"), "GB": zone(201)}
    flow.ingest(YEAR, [written(tmp_path / "electricitymaps_yearly_2024.json", said)], lake, AT)
    assert {(r["region"], r["data_year"], r["kind"], r["basis"], r["intensity_ug_per_kwh"], r["row_number"])
            for r in rows_of(lake, "grid_factor_year")} == {
        ("NO", 2024, "avg_consumed", "life_cycle", 27_500_000, 1),
        ("XX-Y", 2024, "avg_consumed", "life_cycle", 100_000, 2),
        ("GB", 2024, "avg_consumed", "life_cycle", 201_000_000, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["yearly.json", "2023_2024.json", "20245.json", "yearly_2024_1.json", "yearly_1989.json"]
)
def test_a_name_that_tells_no_year_or_more_than_one_number_refuses_the_file(
    name: str, lake: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="year_readable 1"):
        flow.ingest(YEAR, [written(tmp_path / name, {"NO": zone()})], lake, AT)


def test_a_zone_that_cannot_be_read_is_refused_alone(lake: str, tmp_path: Path) -> None:
    bad = {
        "A": (zone(unit="kgCO2eq/MWh"), "unit_known"),
        "B": (zone(unit=None), "unit_known"),
        "C": (zone(value=None), "intensity_readable"),
        "D": (zone(value=2000.000001), "intensity_possible"),
        "E": (7, "unit_known"),
    }
    said = {name: told for name, (told, _) in bad.items()} | {f"Z{n}": zone(2000) for n in range(45)}
    flow.ingest(YEAR, [written(tmp_path / "y2021.json", said)], lake, AT)
    assert fates(lake) == [*(("quarantined", rule) for _, rule in bad.values()), *[("accepted", None)] * 45]


def test_every_published_year_is_taken_whole(shared: Path, lake: str) -> None:
    files = sorted((shared / "data" / "factors" / "electricity_maps_yearly").glob("*.json"))
    owed = {
        (name, int(path.stem[-4:])): told["carbonIntensity"]["value"] * UG_PER_G
        for path in files
        for name, told in json.loads(path.read_text(encoding="utf-8")).items()
    }
    flow.ingest(YEAR, list(map(str, files)), lake, AT)
    staged = rows_of(lake, "grid_factor_year")
    assert len(staged) == len(owed) == 5 * 352
    assert {(factor["region"], factor["data_year"]): factor["intensity_ug_per_kwh"] for factor in staged} == owed


@pytest.mark.parametrize(
    "shape", [lambda told: {"zone": "NO", "data": told}, lambda told: told], ids=["an answer", "objects"]
)
def test_hours_of_the_api_are_told_intensities(shape: Any, lake: str, tmp_path: Path) -> None:
    told = [SOUND_HOUR, SOUND_HOUR | {"emissionFactorType": "direct", "carbonIntensity": 3.25, "isEstimated": True}]
    flow.ingest(HOUR, [written(tmp_path / "past.json", shape(told))], lake, AT)
    rows = [(r["region"], r["hour_start"].isoformat(), r["basis"], r["intensity_ug_per_kwh"], r["is_estimated"])
            for r in rows_of(lake, "grid_intensity_told")]  # fmt: skip
    assert sorted(rows) == [
        ("NO", "2026-03-10T01:00:00+00:00", "direct", 3_250_000, True),
        ("NO", "2026-03-10T01:00:00+00:00", "life_cycle", 31_000_000, False),
    ]


BOUNDARIES: list[tuple[str, Told, Told]] = [
    ("region_known", {"zone": "GB"}, {"zone": "NO1"}),
    ("hour_readable", {"datetime": "2026-03-10T02:00:00+01:00"}, {"datetime": "2026-03-10T02:00:00"}),
    ("hour_whole", {"datetime": "2026-03-10T03:00:00Z"}, {"datetime": "2026-03-10T03:05:00Z"}),
    ("intensity_readable", {"carbonIntensity": "31.5"}, {"carbonIntensity": None}),
    ("basis_known", {"emissionFactorType": "direct"}, {"emissionFactorType": "life cycle"}),
    ("estimate_told", {"isEstimated": True}, {"isEstimated": None}),
    ("granularity_hourly", {"temporalGranularity": "hourly"}, {"temporalGranularity": "daily"}),
]


@pytest.mark.parametrize(("rule", "passing", "failing"), BOUNDARIES, ids=[rule for rule, *_ in BOUNDARIES])
def test_an_hour_at_the_boundary(rule: str, passing: Told, failing: Told, lake: str, tmp_path: Path) -> None:
    told = [SOUND_HOUR | passing, SOUND_HOUR | {"datetime": "2026-03-10T09:00:00Z"} | failing, *hours(20)]
    flow.ingest(HOUR, [written(tmp_path / "past.json", {"data": told})], lake, AT)
    assert fates(lake)[:2] == [("accepted", None), ("quarantined", rule)]
