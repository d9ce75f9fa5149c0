"""An hour told again: the same mix is a duplicate, another one restates the hour whole, and restating it back counts too."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger import flow
from tests.staging.canonical_files import AT, Row, grid_csv, grid_row, grid_rows
from tests.staging.lake_contents import fates, published, rows_of

HOUR = "US-CAL-CISO|2026-03-10T01:00:00Z"
COAL, GAS = 760_000_000, 370_000_000  # ug/kWh, methodology/us_ev_charging_1.0.0/factors.csv


def _hour(**mix: str) -> Row:
    return grid_row(region="US-CAL-CISO", coal_mwh="", gas_mwh="", hydro_mwh="") | {
        f"{s}_mwh": v for s, v in mix.items()
    }


@pytest.fixture
def intensities(lake: str, tmp_path: Path):
    """Ingests each row as a file of its own; returns what is published for the hour after each."""

    def ingest(*rows: Row) -> list[int]:
        told = []
        for number, row in enumerate(rows):
            other = grid_row(f"2025-01-{number + 1:02d}T00:00:00Z", region="NO")  # every file is another file
            flow.ingest("grid_mix_csv", [grid_csv(tmp_path / f"{number}.csv", row, other)], lake, AT)
            flow.account(lake, at=AT)
            flow.publish(lake, AT)
            ((value,),) = published(lake, "SELECT intensity_ug_per_kwh FROM grid_intensity_hour")
            told.append(int(value))
        return told

    return ingest


def _fates(lake: str) -> list[str]:
    return [outcome for outcome, _ in fates(lake, HOUR)]


def test_the_same_mix_again_is_a_duplicate(intensities, lake: str) -> None:
    assert intensities(_hour(coal="5"), _hour(coal="5.000")) == [COAL, COAL]
    assert _fates(lake) == ["accepted", "duplicate"]


def test_another_spelling_of_the_hour_is_the_same_hour(intensities, lake: str) -> None:
    spelt = _hour(coal="5") | {"hour_start": "2026-03-10 09:00:00+08"}
    assert intensities(_hour(coal="5"), spelt) == [COAL, COAL]
    assert _fates(lake) == ["accepted", "duplicate"]


def test_a_restated_hour_supersedes_whole(intensities, lake: str) -> None:
    """A source that the later telling does not name is not kept from the earlier one."""
    assert intensities(_hour(coal="5", gas="5"), _hour(gas="5")) == [(COAL + GAS) // 2, GAS]
    assert _fates(lake) == ["accepted", "accepted"]


def test_hours_restated_before_they_are_accounted(lake: str, tmp_path: Path) -> None:
    for number, row in enumerate([_hour(coal="5", gas="5"), _hour(gas="5")]):
        flow.ingest("grid_mix_csv", [grid_csv(tmp_path / f"{number}.csv", row)], lake, AT)
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    assert published(lake, "SELECT intensity_ug_per_kwh FROM grid_intensity_hour") == [(GAS,)]


def test_an_hour_restated_back_counts_as_well(intensities, lake: str) -> None:
    mixes = [_hour(coal="5"), _hour(gas="5"), _hour(coal="5"), _hour(coal="5")]
    assert intensities(*mixes) == [COAL, GAS, COAL, COAL]
    assert _fates(lake) == ["accepted", "accepted", "accepted", "duplicate"]


def test_an_hour_told_twice_in_a_file_with_another_mix(lake: str, tmp_path: Path) -> None:
    sound = grid_rows(24) + grid_rows(24, "2026-03-11")
    rows = [_hour(coal="5"), *sound, _hour(gas="5")]
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hours.csv", *rows)], lake, AT)
    assert fates(lake, HOUR) == [("quarantined", "same_key_other_content")] * 2
    assert not [row for row in rows_of(lake, "grid_mix_hour") if row["region"] == "US-CAL-CISO"]


def test_an_hour_told_twice_in_a_file_with_the_same_mix(lake: str, tmp_path: Path) -> None:
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hours.csv", _hour(coal="5"), _hour(coal="5"))], lake, AT)
    assert _fates(lake) == ["accepted", "duplicate"]


def test_the_same_hour_of_two_regions_is_two_hours(lake: str, tmp_path: Path) -> None:
    hours = [_hour(coal="5"), _hour(coal="6") | {"region": "NO"}]
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hours.csv", *hours)], lake, AT)
    assert [outcome for outcome, _ in fates(lake)] == ["accepted", "accepted"]


def test_a_refused_telling_leaves_the_hour_before_it(intensities, lake: str) -> None:
    assert intensities(_hour(coal="5")) == [COAL]
    bad = [_hour(gas="n/a"), *grid_rows(24)]
    flow.ingest("grid_mix_csv", [grid_csv(Path(lake).parent / "bad.csv", *bad)], lake, AT)
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    assert published(lake, "SELECT intensity_ug_per_kwh FROM grid_intensity_hour") == [(COAL,)]
