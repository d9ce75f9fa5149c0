"""The real files of operators and cities: every row has the fate, and every accepted row the values, that plain Python finds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.oracle import city_files
from tests.oracle.city_files import ToldSession
from tests.staging.canonical_files import AT
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import batches, date_shares, rows_of

TOLD = ("region", "station_id", "connector_id", "power_type", "metering_point", "started_at", "ended_at", "reading_wh")
NORWAY = "norway_residential/Dataset1_charging_reports.csv"
BOULDER = "boulder/older_schema_Energy_Consumption_to_2020.csv"
SPRING, SUMMER = "dundee/cp-data-mar-may-2018.csv", "dundee/charge-sessions-june-sept.csv"
WORKPLACE = "us_workplace/station_data_dataverse.csv"
READ = {
    NORWAY: ("norway_csv", city_files.norway),
    BOULDER: ("boulder_csv", city_files.boulder),
    SPRING: ("dundee_csv", city_files.dundee),
    SUMMER: ("dundee_csv", city_files.dundee),
}


class Received(NamedTuple):
    """A real file in a lake of its own: what plain Python reads in it, and what was staged."""

    lake: str
    told: list[ToldSession]
    staged: dict[str, dict[str, Any]]
    fates: dict[int, tuple[str, str | None]]


@pytest.fixture(scope="module")
def received(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Received]:
    found = {}
    for place, (file, (source, read)) in enumerate(READ.items()):
        path, lake = shared / "data" / "sessions" / file, str(tmp_path_factory.mktemp("city") / str(place))
        with fixed_key():
            flow.ingest(source, [str(path)], lake, AT)
        staged = {row["session_id"]: row for row in rows_of(lake, "charging_session")}
        fates = {row["row_number"]: (row["outcome"], row["rule"]) for row in rows_of(lake, "row_outcome")}
        found[file] = Received(lake, read(path), staged, fates)
    return found


# Rows received, accepted, and quarantined by the first rule that they broke: counted in the files, by neither reader.
CLOSES = {
    NORWAY: (35_377, 35_339, {"session_closed": 38}),
    BOULDER: (22_580, 20_713, {"session_closed": 1_743, "energy_readable": 40, "end_after_start": 84}),
    SPRING: (
        *(16_773, 16_533),
        {"session_closed": 114, "energy_not_negative": 12, "end_after_start": 106, "stay_possible": 8},
    ),
    SUMMER: (
        *(19_227, 19_012),
        {"session_closed": 72, "energy_not_negative": 8, "energy_possible": 1, "end_after_start": 129, "stay_possible": 5},
    ),
}  # fmt: skip


@pytest.mark.parametrize("file", READ)
def test_every_row_has_its_fate(file: str, received: dict[str, Received]) -> None:
    told, fates = received[file].told, received[file].fates
    rules = Counter(rule for outcome, rule in fates.values() if outcome == "quarantined")
    outcomes = Counter(outcome for outcome, _ in fates.values())
    print(
        f"{file}: {len(told)} rows = {outcomes['accepted']} accepted + {dict(rules)} + {outcomes['duplicate']} duplicates"
    )
    assert (len(told), outcomes["accepted"], dict(rules)) == CLOSES[file]
    assert len(told) == outcomes["accepted"] + rules.total() + outcomes["duplicate"]
    wanted = {n: ("quarantined" if row.rule else "accepted", row.rule) for n, row in enumerate(told, start=1)}
    assert fates == wanted
    quarantine = {row["row_number"]: row["rule"] for row in rows_of(received[file].lake, "quarantine")}
    assert quarantine == {n: row.rule for n, row in enumerate(told, start=1) if row.rule}


@pytest.mark.parametrize("file", READ)
def test_every_accepted_row_says_what_the_file_says(file: str, received: dict[str, Received]) -> None:
    wanted = {row.session_id: tuple(getattr(row, name) for name in TOLD) for row in received[file].told if not row.rule}
    assert {key: tuple(row[name] for name in TOLD) for key, row in received[file].staged.items()} == wanted


@pytest.mark.parametrize("file", READ)
def test_an_owner_is_one_pseudonym_and_no_name(file: str, received: dict[str, Received]) -> None:
    wanted = {row.session_id: row.driver for row in received[file].told if row.driver and not row.rule}
    owners = {row["session_id"]: row["user_id"] for row in rows_of(received[file].lake, "session_owner")}
    assert owners.keys() == wanted.keys()
    pairs = {(wanted[key], user) for key, user in owners.items()}
    assert len(pairs) == len(set(wanted.values())) == len(set(owners.values()))
    assert not set(wanted.values()) & set(owners.values())


@pytest.mark.parametrize("file", READ)
def test_no_session_fits_only_with_day_and_month_exchanged(file: str, received: dict[str, Received]) -> None:
    """What separates these files from an exchanged one (test_exchanged_dates.py) is all or nothing."""
    shares = date_shares(batches(received[file].lake)[0])
    print(f"{file}: {shares}")
    assert shares == city_files.per_mille(city_files.date_figures(received[file].told))
    assert (shares["exchanged"], shares["backwards"], shares["outside"]) == (0, 0, 0)


def test_dundee_has_no_drivers_before_june_and_828_texts_of_them_after(received: dict[str, Received]) -> None:
    assert {row.driver for row in received[SPRING].told} == {None}
    assert len({row.driver for row in received[SUMMER].told}) == 828
    assert rows_of(received[SPRING].lake, "session_owner") == []


# Read in the file by eye: Greenwich time until 25 March 2018, then an hour ahead of it.
BY_EYE = {
    "DUNDEE:4259753": ("2018-03-05T00:13:00+00:00", "2018-03-07T20:37:00+00:00", 14_770, "AC"),
    "DUNDEE:7126135": ("2018-03-25T22:50:00+00:00", "2018-03-25T23:38:00+00:00", 12_070, "DC"),
    "DUNDEE:7312517": ("2018-06-05T09:55:00+00:00", "2018-06-05T10:06:00+00:00", 800, "DC"),
}


def test_clean_dates_of_dundee_are_days_then_months(received: dict[str, Received]) -> None:
    for key, (start, end, wh, power_type) in BY_EYE.items():
        row = received[SPRING].staged[key]
        assert (row["started_at"].isoformat(), row["ended_at"].isoformat()) == (start, end)
        assert (row["reading_wh"], row["power_type"]) == (wh, power_type)
    days = sorted(row["started_at"].date().isoformat() for row in received[SPRING].staged.values())
    assert (days[0], days[-1]) == ("2018-03-05", "2018-06-05")


def test_zero_energy_is_a_session(received: dict[str, Received]) -> None:
    # 497 and 733 rows without energy, of them 73 and 78 without a window.
    for file, count in ((SPRING, 497 - 73), (SUMMER, 733 - 78)):
        assert sum(row["reading_wh"] == 0 for row in received[file].staged.values()) == count - _too_long(
            received[file]
        )


def _too_long(found: Received) -> int:
    return sum(row.rule == "stay_possible" and row.reading_wh == 0 for row in found.told)


def test_norway_on_the_days_of_clock_change(received: dict[str, Received]) -> None:
    staged = received[NORWAY].staged
    # 02:38, 02:39 and 02:54 were shown twice that night: the second showing is in winter time, an hour ahead of UTC.
    twice = {"NO-RESIDENTIAL:OSL_S_3456": "2018-10-28T01:38:00+00:00"}
    twice |= {"NO-RESIDENTIAL:OSL_S_16502": "2019-10-27T01:39:00+00:00"}
    twice |= {"NO-RESIDENTIAL:OSL_S_16503": "2019-10-27T01:54:00+00:00"}
    assert {key: staged[key]["started_at"].isoformat() for key in twice} == twice
    # A stay over a change lasts an hour less in spring, an hour more in autumn, than the clock on the wall says.
    hour, closed = timedelta(hours=1), [row for row in received[NORWAY].told if not row.rule]
    passed = Counter(_passed(staged[row.session_id]) - _on_the_wall(row) for row in closed)
    assert passed == {timedelta(): 35_212, hour: 69, -hour: 58}


def _passed(row: dict[str, Any]) -> timedelta:
    lasted: timedelta = row["ended_at"] - row["started_at"]
    return lasted


def _on_the_wall(row: ToldSession) -> timedelta:
    assert row.starts and row.ends
    return row.ends - row.starts


def test_norway_stays_over_a_day_and_overlaps_of_a_driver_are_sessions(received: dict[str, Received]) -> None:
    staged = received[NORWAY].staged.values()
    assert sum(_passed(row) > timedelta(days=1) for row in staged) > 2_800
    owner = {row["session_id"]: row["user_id"] for row in rows_of(received[NORWAY].lake, "session_owner")}
    ends: dict[str, datetime] = {}
    overlaps = 0
    for row in sorted(staged, key=lambda row: row["started_at"]):
        user = owner[row["session_id"]]
        overlaps += user in ends and row["started_at"] < ends[user]
        ends[user] = max(ends.get(user, row["ended_at"]), row["ended_at"])
    assert overlaps > 0


def test_boulder_publishes_a_saving_which_is_a_reference_and_no_result_of_ours(shared: Path) -> None:
    columns = ("Energy__kWh_", "GHG_Savings__kg_", "Gasoline_Savings__gallons_")
    rows = [[row[name] for name in columns] for row in city_files.rows(shared / "data" / "sessions" / BOULDER)]
    energy, saved, gasoline = (sum(map(Decimal, column)) for column in zip(*filter(all, rows), strict=True))
    cut = Decimal("0.0001")
    assert (saved / energy).quantize(cut, ROUND_DOWN) == Decimal("0.4200"), "kg per kWh"
    assert (gasoline / energy).quantize(cut, ROUND_DOWN) == Decimal("0.1255"), "gallons per kWh"


def test_a_file_that_does_not_say_where_is_refused_whole(shared: Path, lake: str) -> None:
    path = shared / "data" / "sessions" / WORKPLACE
    with pytest.raises(Refused, match=r"rule quarantined_share: .* Most refused rows: region_known 3395\."):
        flow.ingest("us_workplace_csv", [str(path)], lake, AT)
    (batch,) = batches(lake)
    assert (batch["state"], batch["rows_received"], batch["rows_quarantined"]) == ("refused", 3_395, 3_395)
    assert rows_of(lake, "charging_session") == []
    told = city_files.workplace(path)
    rules = Counter(rule for row in told for rule in city_files.broken(row))
    assert rules == {"year_possible": 3_395, "region_known": 3_395, "power_type_known": 3_395}
    somewhere = [
        city_files.judged(ToldSession(r.session_id, r.starts, r.ends, "UTC", region="NO", reading_wh=1)) for r in told
    ]
    assert {row.rule for row in somewhere} == {"year_possible"}
