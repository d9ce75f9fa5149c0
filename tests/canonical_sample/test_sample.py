"""The built-in sample: synthetic, the same bytes everywhere, in the columns of its source formats."""

from __future__ import annotations

import ast
import hashlib
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chargeledger import sample_grid
from tests.canonical_sample import sample, sample_session
from tests.canonical_sample.rows import Row, id_of

# Of all files in the order of their names. Another value means that the sample is another one: say so in the
# changelog, because everything computed from it changes too.
SAMPLE_DIGEST = "e32a400f2286b9b5b117fc23b65d55b630b75c878f183638bae24ea32b9b7504"


def _digest(written: dict[str, Any]) -> str:
    sha256 = hashlib.sha256()
    for path in sorted(map(Path, written["sessions"] + written["grid"]), key=lambda path: path.name):
        sha256.update(path.name.encode() + b"\0" + path.read_bytes())
    return sha256.hexdigest()


def test_two_runs_write_the_same_bytes(written: dict[str, Any], tmp_path: Path) -> None:
    again = sample.write_sample(str(tmp_path / "new" / "folder"))
    assert _digest(again) == _digest(written) == SAMPLE_DIGEST
    assert {k: v for k, v in again.items() if k not in ("sessions", "grid")} == {
        k: v for k, v in written.items() if k not in ("sessions", "grid")
    }


def test_writing_over_an_earlier_sample_changes_nothing(written: dict[str, Any]) -> None:
    folder = Path(written["sessions"][0]).parent
    before = sorted(folder.iterdir())
    assert _digest(sample.write_sample(folder)) == SAMPLE_DIGEST
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("module", [sample, sample_grid, sample_session], ids=lambda module: module.__name__)
def test_no_float_no_division_no_chance_no_clock(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not isinstance(node, ast.Div)
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not named & {"random", "math", "secrets", "os", "uuid"}
        assert not (isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow", "timestamp"})


def test_it_says_that_it_is_synthetic(written: dict[str, Any], sessions: list[Row]) -> None:
    assert "SYNTHETIC" in sample.describe_sample()
    assert all(Path(path).name.startswith("synthetic_") for path in written["sessions"] + written["grid"])
    assert all(id_of(row).startswith("SYNTHETIC-") for row in sessions)
    assert all(row["account"].startswith("synthetic-user-") for row in sessions if row["account"])


def test_its_size(written: dict[str, Any], sessions: list[Row], grid: list[Row]) -> None:
    assert written["rows"] == {"sessions": len(sessions), "grid": len(grid)}
    assert 2200 <= len(sessions) <= 2600
    assert 550 <= len({row["account"] for row in sessions if row["account"]}) <= 600
    assert len(grid) == 7 * 96  # one hour missing, one twice


def test_the_clock_is_two_days_after_the_last_end(written: dict[str, Any], sessions: list[Row]) -> None:
    zoned = [row["ended_at"] for row in sessions if re.search(r"[+]\d\d:\d\d$", row["ended_at"])]
    last = max(map(datetime.fromisoformat, zoned))
    assert last == datetime.fromisoformat(written["last_session_ended_at"])
    assert datetime.fromisoformat(written["at"]) - last == timedelta(days=2)
    assert written["at"] == sample.SAMPLE_AT == "2026-03-13T15:58:30+00:00"


def test_columns_are_those_of_the_source_formats(sessions: list[Row], grid: list[Row]) -> None:
    assert list(sessions[0])[:-1] == [
        *("operator", "order_number", "revised_at", "account", "station_id", "region", "power_type"),
        *("metering_point", "rated_kw", "started_at", "ended_at", "energy_kwh"),
    ]
    assert list(grid[0]) == [
        *("region", "hour_start", "coal_mwh", "gas_mwh", "oil_mwh", "nuclear_mwh", "hydro_mwh", "wind_mwh"),
        *("solar_mwh", "biomass_mwh", "geothermal_mwh", "unknown_mwh"),
    ]
