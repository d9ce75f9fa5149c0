"""The built-in sample: synthetic, the same bytes everywhere, its defects exactly those it declares."""

from __future__ import annotations

import ast
import csv
import hashlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chargeledger import sample_grid
from tests.canonical_sample import sample, sample_session

# Of all files in the order of their names. Another value means that the sample is another one: say so in the
# changelog, because everything computed from it changes too.
SAMPLE_DIGEST = "e32a400f2286b9b5b117fc23b65d55b630b75c878f183638bae24ea32b9b7504"
SHANGHAI = ZoneInfo("Asia/Shanghai")
REGIONS = {f"CN-GRID-{name}" for name in ("NORTH", "NE", "EAST", "CENTRAL", "NW", "SOUTH", "SW")}
Row = dict[str, str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return sample.write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def sessions(written: dict[str, Any]) -> list[Row]:
    return [row | {"file": Path(path).name} for path in written["sessions"] for row in _read(path)]


@pytest.fixture(scope="module")
def grid(written: dict[str, Any]) -> list[Row]:
    return [row for path in written["grid"] for row in _read(path)]


def _read(path: str) -> list[Row]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _digest(written: dict[str, Any]) -> str:
    sha256 = hashlib.sha256()
    for path in sorted(map(Path, written["sessions"] + written["grid"]), key=lambda path: path.name):
        sha256.update(path.name.encode() + b"\0" + path.read_bytes())
    return sha256.hexdigest()


def _of(defect: str, sessions: list[Row], written: dict[str, Any]) -> list[Row]:
    ids = written["expected"]["defects"][defect]["session_ids"]
    return [row for row in sessions if _session_id(row) in ids]


def _session_id(row: Row) -> str:
    return f"{row['operator']}:{row['order_number']}".upper()


def _seconds(row: Row) -> int:
    started_at, ended_at = (datetime.fromisoformat(row[name]) for name in ("started_at", "ended_at"))
    return (ended_at - started_at) // timedelta(seconds=1)


def _sound(sessions: list[Row], written: dict[str, Any]) -> list[Row]:
    ids = {i for defect in written["expected"]["defects"].values() for i in defect["session_ids"]}
    return [row for row in sessions if _session_id(row) not in ids]


# --- the same bytes, and nothing that could make them differ ---


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


# --- what it is ---


def test_it_says_that_it_is_synthetic(written: dict[str, Any], sessions: list[Row]) -> None:
    assert "SYNTHETIC" in sample.describe_sample()
    assert all(Path(path).name.startswith("synthetic_") for path in written["sessions"] + written["grid"])
    assert all(_session_id(row).startswith("SYNTHETIC-") for row in sessions)
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


# --- sessions ---


def test_each_file_is_one_operator_and_the_day_its_sessions_end(sessions: list[Row]) -> None:
    for row in sessions:
        operator, day = re.fullmatch(r"synthetic_sessions_(.+)_(.+)\.csv", row["file"]).groups()  # type: ignore[union-attr]
        assert row["operator"] == operator
        if row["ended_at"][-6] == "+":
            assert datetime.fromisoformat(row["ended_at"]).astimezone(SHANGHAI).date().isoformat() == day
    assert len({row["file"] for row in sessions}) == 4 * 3


def test_sound_sessions_cover_the_field(sessions: list[Row], written: dict[str, Any]) -> None:
    sound = _sound(sessions, written)
    assert {row["region"] for row in sound} == REGIONS
    kinds = Counter((row["power_type"], row["metering_point"]) for row in sound)
    assert set(kinds) == {("AC", "ac_input"), ("DC", "dc_output"), ("DC", "ac_input"), ("DC", "unknown")}
    assert min(kinds.values()) > 100
    assert {row["rated_kw"] for row in sound} == {"", "7", "60", "80", "90", "120"}
    assert {row["ended_at"][-6:] for row in sound} == {"+08:00", "+00:00"}


def test_sound_sessions_cross_hours_and_midnight(sessions: list[Row], written: dict[str, Any]) -> None:
    ends = [
        tuple(datetime.fromisoformat(row[name]).astimezone(SHANGHAI) for name in ("started_at", "ended_at"))
        for row in _sound(sessions, written)
    ]
    assert sum(start.date() < end.date() for start, end in ends) > 300
    assert sum(start.replace(minute=0, second=0) < end.replace(minute=0, second=0) for start, end in ends) > 1000
    assert sum(end.isoformat() == "2026-03-10T00:00:00+08:00" for _, end in ends) == 4  # belongs to the 10th


def test_sound_sessions_are_plausible_and_eligible(sessions: list[Row], written: dict[str, Any]) -> None:
    for row in _sound(sessions, written):
        energy_wh, seconds = Decimal(row["energy_kwh"]) * 1000, _seconds(row)
        assert 2_000 <= energy_wh <= 150_000
        assert 0 < seconds <= 12 * 3600
        assert energy_wh * 3600 <= int(row["rated_kw"] or 120) * 1000 * seconds


def test_sound_sessions_of_one_account_do_not_overlap(sessions: list[Row], written: dict[str, Any]) -> None:
    by_account: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in _sound(sessions, written):
        window = datetime.fromisoformat(row["started_at"]), datetime.fromisoformat(row["ended_at"])
        by_account.setdefault(row["account"], []).append(window)
    for windows in by_account.values():
        windows.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(windows))


def test_energy_is_decimal_text_with_one_to_three_decimals(sessions: list[Row]) -> None:
    told = [row["energy_kwh"] for row in sessions if row["energy_kwh"] != "n/a"]
    assert all(re.fullmatch(r"-?\d+\.\d{1,3}", text) for text in told)
    assert {len(text.partition(".")[2]) for text in told} == {1, 2, 3}
    assert all((Decimal(text) * 1000) % 1 == 0 for text in told)


# --- defects: as many as declared, and of the declared kind ---


def test_every_operator_has_every_defect(written: dict[str, Any]) -> None:
    for name, defect in written["expected"]["defects"].items():
        assert len(defect["session_ids"]) == 4, name
        assert {i.split(":")[0] for i in defect["session_ids"]} == set(sample_session.OPERATORS), name


def test_defects_are_few(sessions: list[Row], written: dict[str, Any]) -> None:
    touched = len(sessions) - len(_sound(sessions, written))
    assert touched * 100 < 3 * len(sessions)
    for counts in written["expected"]["files"].values():
        assert 0 < counts["quarantined"] * 100 <= 5 * counts["received"]


def test_outcomes_add_up(sessions: list[Row], written: dict[str, Any]) -> None:
    expected = written["expected"]
    received = Counter(row["file"] for row in sessions)
    for name, counts in expected["files"].items():
        assert received[name] == counts["received"] == sum(counts.values()) - counts["received"]
    for outcome, rows in expected["outcomes"].items():
        assert rows == sum(counts[outcome] for counts in expected["files"].values())
    declared = Counter[str]()
    for defect in expected["defects"].values():
        declared[defect["fate"]] += defect["rows"]
    assert declared == {
        "quarantined": 4 * 7,
        "duplicate": 4,
        "superseded": 4,
        "awaiting owner": 4,
        "not awarded": 4 * 4,
    }
    assert expected["outcomes"]["quarantined"] == declared["quarantined"]
    assert expected["outcomes"]["duplicate"] == expected["outcomes"]["superseded"] == 4


def test_rows_that_break_a_row_rule_are_the_declared_ones(sessions: list[Row], written: dict[str, Any]) -> None:
    """Found in the files by the rule alone, without the declaration."""
    found: dict[str, set[str]] = {name: set() for name in list(sample.DEFECTS)[:5]}
    for row in sessions:
        for name in _broken_rules(row):
            found[name].add(_session_id(row))
    assert found == {name: set(written["expected"]["defects"][name]["session_ids"]) for name in found}


def _broken_rules(row: Row) -> list[str]:
    broken = []
    try:
        if Decimal(row["energy_kwh"]) < 0:
            broken.append("negative_energy")
    except InvalidOperation:
        broken.append("unreadable_energy")
    if row["region"] not in REGIONS:
        broken.append("unknown_region")
    if any(not re.search(r"[+]\d\d:\d\d$", row[name]) for name in ("started_at", "ended_at")):
        broken.append("instant_without_offset")
    elif _seconds(row) <= 0:
        broken.append("end_before_start")
    return broken


def test_orders_told_twice_are_the_declared_ones(sessions: list[Row], written: dict[str, Any]) -> None:
    told: dict[str, list[Row]] = {}
    for row in sessions:
        told.setdefault(_session_id(row), []).append(row)
    found: dict[str, set[str]] = {name: set() for name in list(sample.DEFECTS)[5:8]}
    for session_id, rows in told.items():
        if len(rows) == 1:
            continue
        first, second = rows
        if first == second:
            found["exact_duplicate"].add(session_id)
        elif not first["revised_at"] and not second["revised_at"]:
            found["conflicting_order"].add(session_id)
        elif first["revised_at"] > second["revised_at"] and first["energy_kwh"] != second["energy_kwh"]:
            found["revised_order"].add(session_id)
    assert found == {name: set(written["expected"]["defects"][name]["session_ids"]) for name in found}
    assert sum(len(rows) == 2 for rows in told.values()) == 12
    assert max(map(len, told.values())) == 2


def test_cases_of_the_eligibility_rules(sessions: list[Row], written: dict[str, Any]) -> None:
    assert [row["account"] for row in sessions].count("") == 4
    assert {row["account"] for row in _of("no_account", sessions, written)} == {""}
    assert all(Decimal(row["energy_kwh"]) < Decimal("0.5") for row in _of("below_500_wh", sessions, written))
    assert all(Decimal(row["energy_kwh"]) > 200 for row in _of("above_200_kwh", sessions, written))
    assert all(_seconds(row) > 172_800 for row in _of("longer_than_48_h", sessions, written))
    for row in _of("above_rated_power", sessions, written):
        mean_kw_seconds = Decimal(row["energy_kwh"]) * 3600
        assert mean_kw_seconds > Decimal("1.05") * int(row["rated_kw"]) * _seconds(row)


def test_accepted_energy_is_that_of_the_files(sessions: list[Row], written: dict[str, Any]) -> None:
    """Received = accepted + quarantined + duplicate + superseded, in Wh too, where they can be read."""
    total = sum(int(Decimal(row["energy_kwh"]) * 1000) for row in sessions if row["energy_kwh"] != "n/a")
    refused = 0
    for name in list(sample.DEFECTS)[:8]:
        rows = [row for row in _of(name, sessions, written) if row["energy_kwh"] != "n/a"]
        if name in ("exact_duplicate", "revised_order"):
            rows = list({_session_id(row): row for row in rows}.values())  # the later row of each
        refused += sum(int(Decimal(row["energy_kwh"]) * 1000) for row in rows)
    assert written["expected"]["accepted_wh"] == total - refused


# --- grid mix ---


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
    for row in _sound(sessions, written) + _of("longer_than_48_h", sessions, written):
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
        for row in _sound(sessions, written)
    )


def test_decimal_text_refuses_to_cut() -> None:
    assert sample_grid.decimal_text(-1_250, 2) == "-1.25"
    assert sample_grid.decimal_text(400, 1) == "0.4"
    with pytest.raises(ValueError, match="1 thousandths need more than 2 decimals"):
        sample_grid.decimal_text(1, 2)
