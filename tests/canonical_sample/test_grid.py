"""The grid mix of the sample: every hour of its sessions but the declared one, in shapes of real regions."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chargeledger import sample_grid
from tests.canonical_sample.rows import REGIONS, SHANGHAI, Row, sound_rows, with_defect


def test_grid_covers_every_hour_but_one(grid: list[Row]) -> None:
    first = datetime(2026, 3, 8, 12, tzinfo=UTC)
    wanted = {(region, (first + timedelta(hours=n)).isoformat()) for region in REGIONS for n in range(96)}
    hours = Counter((row["region"], row["hour_start"]) for row in grid)
    assert wanted - set(hours) == {("CN-GRID-NW", "2026-03-10T12:00:00+00:00")}
    assert set(hours) <= wanted
    assert {hour: n for hour, n in hours.items() if n > 1} == {("CN-GRID-SOUTH", "2026-03-11T02:00:00+00:00"): 2}
    twice = [
        row for row in grid if (row["region"], row["hour_start"]) == ("CN-GRID-SOUTH", "2026-03-11T02:00:00+00:00")
    ]
    assert twice[0] == twice[1]


def test_grid_covers_the_hours_of_all_sessions(sessions: list[Row], written: dict[str, Any]) -> None:
    for row in sound_rows(sessions, written) + with_defect("longer_than_48_h", sessions, written):
        assert datetime.fromisoformat(row["started_at"]) >= sample_grid.GRID_FROM
        assert datetime.fromisoformat(row["ended_at"]) <= sample_grid.GRID_UNTIL


def test_only_pumped_storage_is_negative(grid: list[Row]) -> None:
    told = {
        (row["region"], row["hour_start"], name): Decimal(text)
        for row in grid
        for name, text in row.items()
        if name.endswith("_mwh") and text
    }
    negative = [key for key, mwh in told.items() if mwh < 0]
    assert negative == [("CN-GRID-EAST", "2026-03-09T19:00:00+00:00", "hydro_mwh")]
    assert all((mwh * 1000) % 1 == 0 for mwh in told.values())


def test_grid_shapes(grid: list[Row]) -> None:
    for row in grid:
        local_hour = datetime.fromisoformat(row["hour_start"]).astimezone(SHANGHAI).hour
        if local_hour == 12:
            assert Decimal(row["solar_mwh"]) > 0
        if local_hour in (0, 1, 2, 3, 4, 22, 23):
            assert Decimal(row["solar_mwh"]) == 0
        if row["region"] == "CN-GRID-NORTH" and local_hour == 20:
            assert Decimal(row["coal_mwh"]) == max(Decimal(v) for k, v in row.items() if k.endswith("_mwh") and v)
        if row["region"] == "CN-GRID-SW":
            assert Decimal(row["hydro_mwh"]) == max(Decimal(v) for k, v in row.items() if k.endswith("_mwh") and v)
    assert {row["region"] for row in grid if row["nuclear_mwh"] == ""} >= {"CN-GRID-SW"}  # not told is not 0


def test_declared_grid_defects(written: dict[str, Any]) -> None:
    declared = written["expected"]["grid"]
    assert {name: (d["region"], d["rows"], d["fate"]) for name, d in declared.items()} == {
        "pumped_storage": ("CN-GRID-EAST", 1, "accepted"),
        "missing_hour": ("CN-GRID-NW", 0, "missing"),
        "duplicate_hour": ("CN-GRID-SOUTH", 1, "duplicate"),
    }


def test_some_session_meets_the_missing_hour(sessions: list[Row], written: dict[str, Any]) -> None:
    region, hour = sample_grid.MISSING_HOUR
    assert any(
        row["region"] == region
        and datetime.fromisoformat(row["started_at"]) < hour + timedelta(hours=1)
        and datetime.fromisoformat(row["ended_at"]) > hour
        for row in sound_rows(sessions, written)
    )


def test_decimal_text_refuses_to_cut() -> None:
    assert sample_grid.decimal_text(-1_250, 2) == "-1.25"
    assert sample_grid.decimal_text(400, 1) == "0.4"
    with pytest.raises(ValueError, match="1 thousandths need more than 2 decimals"):
        sample_grid.decimal_text(1, 2)
