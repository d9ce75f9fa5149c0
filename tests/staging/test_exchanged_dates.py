"""A file whose day and month are exchanged is refused by what its own dates say, whatever its source; no sound file is."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.oracle import city_files
from tests.oracle.city_files import ToldSession, date_figures, per_mille
from tests.staging.canonical_files import AT, Row, session_csv, session_row
from tests.staging.lake_contents import batches, date_shares, rows_of

SWAPPED, CLEAN = "dundee/SWAPPED_050318-050618.csv", "dundee/cp-data-mar-may-2018.csv"
NORWAY, CALIFORNIA = "norway_residential/Dataset1_charging_reports.csv", "california_jpl/california_ev_sessions.csv"
ISO = "%Y-%m-%dT00:00:00"


def california(path: Path) -> list[ToldSession]:
    form, columns = "%Y-%m-%d %H:%M:%S", ("ChargingStartDateTime", "ChargingEndDateTime")
    walls = [[datetime.strptime(row[name], form) for name in columns] for row in city_files.rows(path)]
    return [ToldSession("", start, end, "UTC", reading_wh=0, region="US-CAL-CISO") for start, end in walls]


def test_california_has_no_session_that_fits_only_exchanged(shared: Path, lake: str) -> None:
    """The cities' own files are held to the same in test_city_files.py."""
    path = shared / "data" / "sessions" / CALIFORNIA
    flow.ingest("acn_csv", [str(path)], lake, AT)
    found = date_shares(batches(lake)[0])
    assert found == per_mille(date_figures(california(path)))
    assert (found["exchanged"], found["backwards"], found["outside"]) == (0, 0, 0)


def test_the_built_in_sample_has_none_either(sample_run: dict[str, Any]) -> None:
    told = [date_shares(batch) for batch in batches(sample_run["lake"]) if batch["relation"] == "charging_session"]
    assert len(told) == 12
    assert all(found["dated"] > 0 for found in told)
    assert {(found["exchanged"], found["outside"]) for found in told} == {(0, 0)}


def test_the_workplace_file_has_none_either(shared: Path) -> None:
    """It is refused for its missing region; its dates are in order."""
    told = city_files.workplace(shared / "data" / "sessions" / "us_workplace" / "station_data_dataverse.csv")
    assert date_figures(told)["exchanged"] == 0


def test_the_swapped_twin_is_refused_with_its_figures(shared: Path, lake: str) -> None:
    folder = shared / "data" / "sessions"
    with pytest.raises(Refused, match="rule day_month_order: at most 20 per mille") as refused:
        flow.ingest("dundee_iso_csv", [str(folder / SWAPPED)], lake, AT)
    said = "sessions_dated 16773, exchanged_per_mille 283, end_before_start_per_mille 14, outside_own_period_per_mille 263, "
    assert said + "to_twelfth_per_mille 396" in str(refused.value)
    (batch,) = batches(lake)
    failed = {f["rule_id"]: f["severity"] for f in json.loads(batch["validation"]) if not f["passed"]}
    assert failed == {"day_month_order": "refuse_batch", "fresh": "warn"}
    assert rows_of(lake, "charging_session") == []
    swapped, clean = city_files.dundee(folder / SWAPPED, ISO), city_files.dundee(folder / CLEAN)
    assert date_shares(batch) == per_mille(date_figures(swapped))
    # The twins hold the same events; the share up to the twelfth is the same in both, so it is told and not judged.
    assert {row.session_id for row in swapped} == {row.session_id for row in clean}
    assert date_figures(clean) == date_figures(swapped) | {"backwards": 0, "outside": 0, "exchanged": 0}
    assert (date_figures(swapped)["backwards"], date_figures(swapped)["outside"]) == (231, 4_395)


@pytest.mark.parametrize(
    ("file", "source", "columns"),
    [
        (NORWAY, "norway_csv", ("plugin_time", "plugout_time")),
        (CALIFORNIA, "acn_csv", ("ChargingStartDateTime", "ChargingEndDateTime")),
        ("dundee/charge-sessions-june-sept.csv", "dundee_csv", ("Start Date", "End Date")),
    ],
)
def test_another_real_file_is_refused_once_its_days_and_months_are_exchanged(
    file: str, source: str, columns: tuple[str, ...], shared: Path, lake: str, tmp_path: Path
) -> None:
    delimiter = ";" if source == "norway_csv" else ","
    with open(shared / "data" / "sessions" / file, encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text, delimiter=delimiter)
    for row in rows:
        for place in map(header.index, columns):
            row[place] = _exchanged(row[place])
    with open(tmp_path / "exchanged.csv", "w", encoding="utf-8", newline="") as text:
        csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    with pytest.raises(Refused, match="rule day_month_order"):
        flow.ingest(source, [str(tmp_path / "exchanged.csv")], lake, AT)


def _exchanged(text: str) -> str:
    iso = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(.*)", text)
    if iso and int(iso[3]) <= 12:
        return f"{iso[1]}-{iso[3]}-{iso[2]}{iso[4]}"
    uk = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    return f"{uk[2]}/{uk[1]}/{uk[3]}" if uk and int(uk[1]) <= 12 else text


def charge(number: int, start: str, end: str) -> Row:
    return session_row(f"E{number:04d}", started_at=f"{start}:00+08:00", ended_at=f"{end}:00+08:00")


def march(count: int) -> list[Row]:
    """Sessions of 1 to 31 March 2026: the file's own period is 1 March to 12 April."""
    days = [1 + number % 31 for number in range(count)]
    return [charge(n, f"2026-03-{day:02d}T10:00", f"2026-03-{day:02d}T11:00") for n, day in enumerate(days)]


Told = list[tuple[str, str]]
# Three sessions each that only make sense with day and month exchanged; days are those of UTC, eight hours behind Shanghai.
FITS: dict[str, Told] = {
    "starts outside, in three months": [
        (f"2026-{month:02d}-03T10:00", f"2026-{month:02d}-03T11:00") for month in (1, 9, 12)
    ],
    "starts of another month": [(f"2026-12-{day:02d}T23:00", f"2026-{day:02d}-13T09:00") for day in (3, 4, 5)],
    "ends of another month": [("2026-03-11T23:00", "2026-12-03T09:00")] * 3,
    "nights over two months": [("2026-03-02T23:00", "2026-04-02T09:00")] * 3,
    "ends before their starts": [("2026-09-03T23:00", "2026-03-10T09:00")] * 3,
}
BOUNDS = [(100, 2, True), (100, 3, False), (99, 3, True)]
CASES = [
    (name, *bound) for name in FITS for bound in BOUNDS if name != "starts outside, in three months" or bound[1] == 3
]


@pytest.mark.parametrize(("name", "count", "bad", "passes"), CASES)
def test_the_bound_is_20_per_mille_of_at_least_100(
    name: str, count: int, bad: int, passes: bool, lake: str, tmp_path: Path
) -> None:
    rows = march(count - bad) + [charge(5_000 + number, *told) for number, told in enumerate(FITS[name][:bad])]
    path = session_csv(tmp_path / "sessions.csv", *rows)
    if passes:
        flow.ingest("session_csv", [path], lake, AT)
    else:
        with pytest.raises(Refused, match="rule day_month_order"):
            flow.ingest("session_csv", [path], lake, AT)
    assert date_shares(batches(lake)[0])["exchanged"] == -(-1000 * bad // count)


def sent_again(*dates: str) -> list[Row]:
    """Sixty sessions of March, and as many of some earlier days."""
    days = [dates[number % len(dates)] for number in range(60)]
    return march(60) + [charge(5_000 + n, f"{day}T10:00", f"{day}T11:00") for n, day in enumerate(days)]


EARLY = [f"2026-03-{day:02d}" for day in range(1, 13)]
YEAR = [f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}" for number in range(336)]
HONEST: dict[str, list[Row]] = {
    "two days of January and February sent again": sent_again("2026-01-03", "2026-02-03"),
    "the first weeks of three other months": sent_again(
        *(f"2026-{month}-0{day}" for month in ("01", "02", "09") for day in range(1, 8))
    ),
    "the first twelve days": [charge(n, f"{EARLY[n % 12]}T10:00", f"{EARLY[n % 12]}T11:00") for n in range(120)],
    "a whole year": [charge(n, f"{day}T10:00", f"{day}T11:00") for n, day in enumerate(YEAR)],
    "stays of three weeks": [charge(n, "2026-03-02T10:00", "2026-03-23T10:00") for n in range(120)],
    "ends an hour too early": march(120)
    + [charge(5_000 + n, "2026-03-12T23:00", "2026-03-12T22:00") for n in range(10)],
}


@pytest.mark.parametrize("name", HONEST)
def test_an_odd_but_honest_file_is_not_refused(name: str, lake: str, tmp_path: Path) -> None:
    flow.ingest("session_csv", [session_csv(tmp_path / "sessions.csv", *HONEST[name])], lake, AT)
    assert date_shares(batches(lake)[0])["exchanged"] == 0
