"""The real files of Norway and China: every row is taken, each figure as the file says it, held against a plain reading."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.staging.canonical_files import AT
from tests.staging.grid_files import DIRECT, LIFE_CYCLE
from tests.staging.lake_contents import batches, rows_of

NORWAY = "grid/norway_hourly_intensity/NO.csv"
CHINA = "factors/china/grid_factors_2021_2023.csv"
UG_PER_G, UG_PER_KG = 10**6, 10**9


@pytest.fixture
def norway(shared: Path) -> Path:
    return shared / "data" / NORWAY


@pytest.fixture
def china(shared: Path) -> Path:
    return shared / "data" / CHINA


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_norway_is_taken_whole_on_both_bases(norway: Path, lake: str) -> None:
    (told,) = flow.ingest("norway_intensity_csv", [str(norway)], lake, AT)
    assert (told["rows_received"], told["rows_accepted"], told["warnings"]) == (35_064, 35_064, [])
    owed = {}
    for hour in _rows(norway):
        start = datetime.fromisoformat(hour["Datetime (UTC)"]).replace(tzinfo=UTC)
        for basis, column in (("direct", DIRECT), ("life_cycle", LIFE_CYCLE)):
            owed[(start, basis)] = (
                int(Decimal(hour[column]) * UG_PER_G),
                hour["Data estimated"] == "True",
                hour["Zone id"],
            )
    staged = rows_of(lake, "grid_intensity_told")
    assert len(staged) == len(owed) == 2 * 35_064
    assert owed == {
        (hour["hour_start"], hour["basis"]): (hour["intensity_ug_per_kwh"], hour["is_estimated"], hour["region"])
        for hour in staged
    }
    assert sum(estimated for _, estimated, _ in owed.values()) == 2 * 72
    assert all(line.startswith("ok") for line in verify(Lake(lake)))


def test_an_estimate_that_is_measured_supersedes(norway: Path, lake: str, tmp_path: Path) -> None:
    """The figures may be the same: that they are measured now is news."""
    text = norway.read_text(encoding="utf-8")
    measured = tmp_path / "measured.csv"
    measured.write_text(text.replace(",True,ESTIMATED_FORECASTS_HIERARCHY", ",False,"), encoding="utf-8")
    flow.ingest("norway_intensity_csv", [str(norway), str(measured)], lake, AT)
    assert [(b["rows_accepted"], b["rows_duplicate"]) for b in batches(lake)] == [(35_064, 0), (72, 34_992)]


def test_norway_in_kg_under_its_header_is_refused(norway: Path, lake: str, tmp_path: Path) -> None:
    rows = _rows(norway)[:500]
    in_kg = [row | {name: str(Decimal(row[name]) / 1000) for name in (DIRECT, LIFE_CYCLE)} for row in rows]
    path = tmp_path / "NO.csv"
    with open(path, "w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(in_kg[0]))
        writer.writeheader()
        writer.writerows(in_kg)
    with pytest.raises(Refused, match="mean_intensity_plausible"):
        flow.ingest("norway_intensity_csv", [str(path)], lake, AT)


def test_china_is_taken_whole(china: Path, lake: str) -> None:
    flow.ingest("cn_factor_csv", [str(china)], lake, AT)
    owed = {
        (int(row["data_year"]), row["code"], row["kind"]): int(Decimal(row["kgco2_per_kwh"]) * UG_PER_KG)
        for row in _rows(china)
    }
    staged = rows_of(lake, "grid_factor_year")
    assert len(staged) == len(owed) == 120
    assert owed == {(f["data_year"], f["region"], f["kind"]): f["intensity_ug_per_kwh"] for f in staged}
    assert {factor["basis"] for factor in staged} == {"direct"}
    assert owed[(2023, "CN", "avg")] == 530_600_000
    assert all(line.startswith("ok") for line in verify(Lake(lake)))


def test_china_in_g_under_its_header_is_refused(china: Path, lake: str, tmp_path: Path) -> None:
    """556.8 kg/kWh cannot be."""
    path = tmp_path / "factors.csv"
    rows = [row | {"kgco2_per_kwh": str(Decimal(row["kgco2_per_kwh"]) * 1000)} for row in _rows(china)]
    lines = [
        "data_year,code,kind,kgco2_per_kwh",
        *(f"{r['data_year']},{r['code']},{r['kind']},{r['kgco2_per_kwh']}" for r in rows),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"quarantined_share.*intensity_possible 120"):
        flow.ingest("cn_factor_csv", [str(path)], lake, AT)
