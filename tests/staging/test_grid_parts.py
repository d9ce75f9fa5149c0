"""An hour told in parts is the sum of all its parts, or it is refused; UTC decides which hour a part belongs to, and a local
time that occurs twice or never decides nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chargeledger import flow, rooms
from tests.staging.canonical_files import AT, Row, grid_csv, grid_row
from tests.staging.grid_files import parts, row, write
from tests.staging.lake_contents import fates, published, rows_of

QUARTERS, HALVES = "grid_mix_15min_csv", "grid_mix_30min_csv"
HOUR = "2026-03-10T01"
MWH = 10**18  # pWh
OSLO = ZoneInfo("Europe/Oslo")
Ingest = Callable[..., list[str]]
# Twelve sound hours stand beside what is tested, so that what is refused is less than a tenth of the file.
BESIDE = [part for day in range(11, 23) for part in parts(QUARTERS, f"2026-03-{day}T05")]


@pytest.fixture
def receive(lake: str, tmp_path: Path) -> Ingest:
    """Ingests rows as one file and returns the fates of those that are not beside: the outcome, or the rule."""

    def ingest(rows: list[Row], source: str = QUARTERS, beside: list[Row] = BESIDE) -> list[str]:
        number = len(rows_of(lake, "landing_file"))
        before = len(fates(lake))
        flow.ingest(source, [write(tmp_path / f"{number}.csv", source, *rows, *beside)], lake, AT)
        return [rule or outcome for outcome, rule in fates(lake)[before : before + len(rows)]]

    return ingest


def _hours(lake: str) -> dict[tuple[str, str], int]:
    """Generation by hour and source, MWh, of hours that are not beside; figures must be whole."""
    told = [hour for hour in rows_of(lake, "grid_mix_hour") if hour["hour_start"].hour != 5]
    assert all(hour["generation_pwh"] % MWH == 0 for hour in told)
    return {(h["hour_start"].strftime("%dT%H"), h["source"]): int(h["generation_pwh"] // MWH) for h in told}


def _coal(*figures: str) -> list[Row]:
    return parts(QUARTERS, HOUR, *({"coal_mwh": figure} for figure in figures))


def test_four_quarters_are_an_hour(receive: Ingest, lake: str) -> None:
    """The first row carries the hour, the others tell it again. 0.000000000000000001 MWh is a pWh."""
    figures = ("1.999999999999999999", "0.000000000000000001", "-3", "8")
    assert receive(_coal(*figures)) == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert _hours(lake) == {("10T01", "coal"): 7, ("10T01", "hydro"): 300}


def test_two_halves_are_an_hour(receive: Ingest, lake: str) -> None:
    sound = [part for hour in range(6, 12) for part in parts(HALVES, f"2026-03-10T{hour:02d}")]
    assert receive(parts(HALVES, HOUR) + parts(HALVES, "2026-03-10T02")[:1], HALVES, sound) == [
        "accepted", "duplicate", "parts_present",
    ]  # fmt: skip
    assert _hours(lake)[("10T01", "coal")] == 50


def test_an_hour_in_parts_is_worth_what_the_hour_is(receive: Ingest, lake: str, tmp_path: Path) -> None:
    at_home = {"region": "US-CAL-CISO"}
    receive(parts(QUARTERS, HOUR, *({"coal_mwh": c} | at_home for c in ("10", "20", "30", "40"))))
    flow.ingest("grid_mix_csv", [grid_csv(tmp_path / "hour.csv", _whole("2026-03-10T02:00:00Z"))], lake, AT)
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    in_parts, whole = published(lake, "SELECT intensity_ug_per_kwh FROM grid_intensity_hour ORDER BY hour_start")
    # 100 of 400 MWh are coal at 760 g/kWh.
    assert in_parts == whole == (190_000_000,)


def _whole(hour_start: str, **told: str) -> Row:
    return grid_row(hour_start, region="US-CAL-CISO", **({"coal_mwh": "100", "gas_mwh": "", "hydro_mwh": "300"} | told))


SOUND = parts(QUARTERS, HOUR)
LATE = row(QUARTERS, {"part_start": f"{HOUR}:07:30Z"})
# what: (rows, their fates)
CASES: dict[str, tuple[list[Row], list[str]]] = {
    "in another order": (SOUND[::-1], ["accepted", *["duplicate"] * 3]),
    "a part told twice": ([*SOUND, SOUND[2]], ["accepted", *["duplicate"] * 4]),
    "a part told in two ways": ([*SOUND, SOUND[2] | {"coal_mwh": "1"}], ["parts_agree"] * 5),
    "one of two tellings for a missing part": ([*SOUND[:3], SOUND[2] | {"coal_mwh": "1"}], ["parts_present"] * 4),
    "a missing part": (SOUND[:3], ["parts_present"] * 3),
    "a missing part, told without figures": (
        [*SOUND[:3], SOUND[3] | {"coal_mwh": "", "hydro_mwh": ""}], ["parts_present"] * 4,
    ),
    "a source that one part does not tell": (_coal("1", "2", "", "4"), ["parts_present"] * 4),
    "a source that no part tells": (_coal("", "", "", ""), ["accepted", *["duplicate"] * 3]),
    "no figure in any part": (
        parts(QUARTERS, HOUR, *[{"coal_mwh": "", "hydro_mwh": ""}] * 4), ["nothing_told"] * 4,
    ),
    "a figure that cannot be read": (_coal("1", "2", "n/a", "4"), ["generation_readable"] * 4),
    "a part between the quarters": ([*SOUND[:3], LATE], [*["parts_present"] * 3, "hour_whole"]),
    "a part between the quarters beside all of them": ([*SOUND, LATE], ["accepted", *["duplicate"] * 3, "hour_whole"]),
    "a time that cannot be read": ([*SOUND[:3], SOUND[3] | {"part_start": "?"}], [*["parts_present"] * 3, "hour_readable"]),
    "zeros": (parts(QUARTERS, HOUR, *[{"coal_mwh": "0", "hydro_mwh": "0"}] * 4), ["generation_positive"] * 4),
    "a part of another region": ([*SOUND[:3], SOUND[3] | {"region": "NO"}], ["parts_present"] * 4),
    "an estimate that is neither": (
        parts(QUARTERS, HOUR, {}, {"is_estimated": "perhaps"}, {"is_estimated": "true"}, {}), ["estimate_readable"] * 4,
    ),
    "a local time, which is UTC here": (parts(QUARTERS, HOUR, zone=""), ["accepted", *["duplicate"] * 3]),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_the_fate_of_an_hour_in_parts(what: str, receive: Ingest) -> None:
    rows, owed = CASES[what]
    assert receive(rows) == owed


@pytest.mark.parametrize(
    ("told", "owed"),
    [(["false"] * 4, False), (["false", "true", "false", "false"], True), (["true", "", "", ""], True),
     (["false", "false", "", "false"], None), ([""] * 4, None)],
)  # fmt: skip
def test_one_estimated_part_makes_an_estimate(told: list[str], owed: bool | None, receive: Ingest, lake: str) -> None:
    receive(parts(QUARTERS, HOUR, *({"is_estimated": text} for text in told)))
    assert {h["is_estimated"] for h in rows_of(lake, "grid_mix_hour") if h["hour_start"].hour == 1} == {owed}


def test_a_restated_part_restates_its_hour_whole_and_alone_says_nothing(receive: Ingest, lake: str) -> None:
    assert receive(_coal("1", "2", "3", "4"))[0] == "accepted"
    assert receive(_coal("1", "2", "3", "5")[3:]) == ["parts_present"], "a part of an hour that landed before"
    assert receive(_coal("1", "2", "3", "4")[::-1]) == ["duplicate"] * 4
    assert receive(_coal("1", "2", "3", "5")) == ["accepted", *["duplicate"] * 3]
    told = [h["generation_pwh"] // MWH for h in rows_of(lake, "grid_mix_hour") if h["source"] == "coal"]
    assert sorted(figure for figure in told if figure != 100) == [10, 11]


@pytest.fixture
def oslo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Makes a definition for local times of Oslo in steps of so many minutes: one file, which shares the SQL."""
    folder = tmp_path / "contracts"
    shutil.copytree(rooms.CONTRACTS, folder)
    monkeypatch.setattr(rooms, "CONTRACTS", folder)

    def make(minutes: int) -> str:
        name = f"oslo_{minutes}_{tmp_path.name}"
        text = (folder / "sources" / f"{HALVES}.yaml").read_text(encoding="utf-8").replace(HALVES, name)
        for old, new in (
            ("zone, value: UTC", "zone, value: Europe/Oslo"),
            ("step_minutes: 30", f"step_minutes: {minutes}"),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
        return name

    return make


def _local_day(year: int, month: int, day: int, minutes: int, with_offset: bool) -> list[Row]:
    """A local day of Oslo as its clocks show it."""
    start = datetime(year, month, day, tzinfo=OSLO).astimezone(UTC)
    end = (datetime(year, month, day) + timedelta(days=1)).replace(tzinfo=OSLO).astimezone(UTC)
    told = []
    while start < end:
        local = start.astimezone(OSLO)
        text = local.isoformat() if with_offset else local.strftime("%Y-%m-%d %H:%M")
        told.append(row(QUARTERS, {"region": "NO", "part_start": text}))
        start += timedelta(minutes=minutes)
    return told


@pytest.mark.parametrize("minutes", [15, 60])
def test_local_days_of_23_and_25_hours(minutes: int, oslo: Callable[[int], str], lake: str, tmp_path: Path) -> None:
    source, step = oslo(minutes), 60 // minutes
    spring = _local_day(2026, 3, 29, minutes, with_offset=False)
    autumn = _local_day(2026, 10, 25, minutes, with_offset=False)
    assert (len(spring), len(autumn)) == (23 * step, 25 * step)
    flow.ingest(source, [write(tmp_path / "days.csv", QUARTERS, *spring, *autumn)], lake, AT)
    rules = [rule for _, rule in fates(lake)]
    told_twice = [None] * 2 * step + ["hour_once"] * 2 * step + [None] * 21 * step  # 02:00 to 03:00, two times
    assert rules == [None] * 23 * step + told_twice

    hours = {hour["hour_start"] for hour in rows_of(lake, "grid_mix_hour")}
    first = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert {hour for hour in hours if hour.month == 3} == {first + timedelta(hours=n) for n in range(23)}
    with_offset = _local_day(2026, 10, 25, minutes, with_offset=True)
    flow.ingest(source, [write(tmp_path / "again.csv", QUARTERS, *with_offset)], lake, AT)
    hours = {hour["hour_start"] for hour in rows_of(lake, "grid_mix_hour") if hour["hour_start"].month == 10}
    assert hours == {datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=n) for n in range(25)}


def test_a_time_that_the_clock_skips(oslo: Callable[[int], str], lake: str, tmp_path: Path) -> None:
    skipped = [row(QUARTERS, {"region": "NO", "part_start": text}) for text in ("2026-03-29 02:00", "2026-03-29 02:59")]
    days = [told for day in range(1, 3) for told in _local_day(2026, 5, day, 60, with_offset=False)]
    flow.ingest(oslo(60), [write(tmp_path / "days.csv", QUARTERS, *skipped, *days)], lake, AT)
    assert [rule for _, rule in fates(lake)][:3] == ["hour_once", "hour_once", None]
