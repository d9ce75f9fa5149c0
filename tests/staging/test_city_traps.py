"""The traps of city files in rows made up here: what just passes, what just fails and by which rule, and what is read."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.errors import Refused
from tests.staging.canonical_files import AT
from tests.staging.lake_contents import batches, fates, published, rows_of
from tests.staging.lake_search import found_in

Case = tuple[dict[str, str], tuple[str, str, int] | str]
COLUMNS = {
    "norway_csv": ("location", "user_id", "session_id", "plugin_time", "plugout_time", "connection_time", "energy_session"),
    "boulder_csv": (
        *("Station_Name", "City", "Transaction_Date", "Transaction_Start_Time", "Charging_Time__minutes_"),
        *("Energy__kWh_", "Port_Type", "ObjectId"),
    ),
    "dundee_csv": (
        *("Charging event", "CP ID", "Connector", "Start Date", "Start Time", "End Date", "End Time", "Total kWh"),
        *("Cost", "Site", "Group", "Model"),
    ),
    "us_workplace_csv": ("sessionId", "kwhTotal", "dollars", "created", "ended", "userId", "stationId"),
}  # fmt: skip
COLUMNS["dundee_iso_csv"] = ("_id", *COLUMNS["dundee_csv"])
ORDER = {
    **{"norway_csv": "session_id", "boulder_csv": "ObjectId", "dundee_csv": "Charging event"},
    **{"dundee_iso_csv": "Charging event", "us_workplace_csv": "sessionId"},
}
DUNDEE = {
    **{"CP ID": "c7", "Connector": "2", "Start Date": "20/06/2018", "Start Time": "10:00", "End Date": "20/06/2018"},
    **{"End Time": "11:00", "Total kWh": "7.5", "Site": "A Street, A Town", "Model": "APT 22kW Dual Outlet"},
}
SOUND = {
    "norway_csv": {
        **{"location": "G", "user_id": "Driver-of-G", "plugin_time": "2019-06-20 10:00:00", "connection_time": "1"},
        **{"plugout_time": "2019-06-20 11:00:00", "energy_session": "7,5"},
    },
    "boulder_csv": {
        **{"Station_Name": "Hall st1", "City": "Boulder", "Transaction_Date": "2019/06/20 00:00:00+00"},
        **{"Transaction_Start_Time": "2021/01/21 10:00:00+00", "Charging_Time__minutes_": "60", "Energy__kWh_": "7.5"},
    },
    "dundee_csv": DUNDEE,
    "dundee_iso_csv": DUNDEE | {"Start Date": "2018-06-20T00:00:00", "End Date": "2018-06-20T00:00:00"},
    "us_workplace_csv": {
        **{"kwhTotal": "7.5", "created": "2015-06-20 10:00:00", "ended": "2015-06-20 11:00:00"},
        **{"userId": "Driver-of-W", "stationId": "W1"},
    },
}


def norway(start: str, end: str, energy: str = "7,5") -> dict[str, str]:
    return {"plugin_time": start, "plugout_time": end, "energy_session": energy}


def boulder(day: str, time: str, minutes: str = "60", offset: str = "+00") -> dict[str, str]:
    told = {"Transaction_Date": f"{day} 00:00:00+00", "Transaction_Start_Time": f"2021/01/21 {time}{offset}"}
    return told | {"Charging_Time__minutes_": minutes}


def dundee(start: str, end: str, **told: str) -> dict[str, str]:
    parts = zip(("Start Date", "Start Time", "End Date", "End Time"), (start + " " + end).split(" "), strict=True)
    return dict(parts) | told


T = "2019-06-20 "
CASES: dict[str, list[Case]] = {
    "norway_csv": [
        ({"energy_session": "19,96"}, ("2019-06-20T08:00", "2019-06-20T09:00", 19_960)),
        ({"energy_session": "8"}, ("2019-06-20T08:00", "2019-06-20T09:00", 8_000)),
        ({"energy_session": "0,0009"}, ("2019-06-20T08:00", "2019-06-20T09:00", 0)),
        ({"energy_session": "1.234,5"}, "energy_readable"),
        ({"energy_session": "19.96"}, "energy_readable"),
        ({"energy_session": "NA"}, "energy_readable"),
        ({"plugout_time": "NA", "connection_time": "NA"}, "session_closed"),
        ({"plugout_time": "na"}, "end_readable"),
        # Clocks went from 2 to 3 on 31 March 2019 and from 3 to 2 on 27 October.
        (norway("2019-03-31 01:59:59", "2019-03-31 03:00:00"), ("2019-03-31T00:59:59", "2019-03-31T01:00", 7_500)),
        (norway("2019-03-31 02:00:00", "2019-03-31 04:00:00"), "start_readable"),
        (norway("2019-03-31 01:00:00", "2019-03-31 02:59:59"), "end_readable"),
        (norway("2019-10-27 01:59:59", "2019-10-27 02:00:00"), ("2019-10-26T23:59:59", "2019-10-27T01:00", 7_500)),
        (norway("2019-10-27 02:59:59", "2019-10-27 03:00:00"), ("2019-10-27T01:59:59", "2019-10-27T02:00", 7_500)),
        (norway("2019-01-01 00:00:00", "2019-03-04 00:00:00"), ("2018-12-31T23:00", "2019-03-03T23:00", 7_500)),
        (norway("2019-01-01 00:00:00", "2019-03-04 00:00:01"), "window_possible"),
    ],
    "boulder_csv": [
        (boulder("2019/06/20", "10:00:00"), ("2019-06-20T16:00", "2019-06-20T17:00", 7_500)),
        (boulder("2019/01/20", "20:00:00", "2,418"), ("2019-01-21T03:00", "2019-01-22T19:18", 7_500)),
        (boulder("2019/01/20", "20:00:00", "17.82"), ("2019-01-21T03:00", "2019-01-21T03:17:49", 7_500)),
        (boulder("2019/01/20", "20:00:00", "0.02"), ("2019-01-21T03:00", "2019-01-21T03:00:01", 7_500)),
        (boulder("2019/01/20", "20:00:00", "0.01"), "end_after_start"),
        (boulder("2019/01/20", "20:00:00", "0"), "end_after_start"),
        (boulder("2019/01/20", "20:00:00", "     -       "), "session_closed"),
        (boulder("2019/01/20", "20:00:00", "24,18"), "end_readable"),
        (boulder("2019/01/20", "20:00:00", "-5"), "end_readable"),
        (boulder("2019/01/20", "20:00:00", offset="-07"), "start_readable"),
        (boulder("2019/03/10", "02:00:00"), "start_readable"),
        (boulder("2019/03/10", "01:59:59", "1"), ("2019-03-10T08:59:59", "2019-03-10T09:00:59", 7_500)),
        (boulder("2019/11/03", "01:30:00"), ("2019-11-03T08:30", "2019-11-03T09:30", 7_500)),
        ({"Energy__kWh_": ""}, "energy_readable"),
    ],
    "dundee_csv": [
        (dundee("05/06/2018 10:55", "06/06/2018 01:06"), ("2018-06-05T09:55", "2018-06-06T00:06", 7_500)),
        (dundee("25/03/2018 00:59", "25/03/2018 02:00"), ("2018-03-25T00:59", "2018-03-25T01:00", 7_500)),
        (dundee("25/03/2018 01:00", "25/03/2018 02:30"), "start_readable"),
        (dundee("28/10/2018 01:30", "28/10/2018 02:00"), ("2018-10-28T01:30", "2018-10-28T02:00", 7_500)),
        ({"Start Date": "06/20/2018"}, "start_readable"),
        ({"Start Date": "2018-06-20T00:00:00"}, "start_readable"),
        ({"End Date": "", "End Time": "", "Total kWh": ""}, "session_closed"),
        ({"End Time": ""}, "end_readable"),
        ({"End Time": "10:00"}, "end_after_start"),
        ({"End Time": "10:01", "Total kWh": "0"}, ("2018-06-20T09:00", "2018-06-20T09:01", 0)),
        ({"Total kWh": "-0.01"}, "energy_not_negative"),
        ({"Total kWh": "1430.02"}, "energy_possible"),
        (dundee("01/07/2018 10:00", "08/07/2018 10:00"), ("2018-07-01T09:00", "2018-07-08T09:00", 7_500)),
        (dundee("01/07/2018 10:00", "08/07/2018 10:01"), "stay_possible"),
        (dundee("01/07/2018 10:00", "05/08/2018 09:00"), "stay_possible"),
        ({"Model": "APT 22kw Dual Outlet"}, "power_type_known"),
    ],
}


def text_of(source: str, told: list[dict[str, str]], columns: tuple[str, ...] | None = None) -> str:
    """The file of these rows, orders R1, R2 and so on, then of 300 sound ones."""
    out = io.StringIO()
    writer = csv.DictWriter(
        out, columns or COLUMNS[source], delimiter=";" if source == "norway_csv" else ",", restval=""
    )
    writer.writeheader()
    for number, row in enumerate(told + [{}] * 300, start=1):
        place = (
            {"CP ID": str(50_000 + number)} if "CP ID" in COLUMNS[source] else {}
        )  # two cannot charge at one at once
        writer.writerow(SOUND[source] | {ORDER[source]: f"R{number}"} | place | row)
    return out.getvalue()


def ingest(source: str, lake: str, folder: Path, text: str) -> None:
    path = folder / "file under test.csv"
    path.write_bytes(text.encode("utf-8-sig" if source == "boulder_csv" else "utf-8"))
    flow.ingest(source, [str(path)], lake, AT)


@pytest.mark.parametrize("source", CASES)
def test_each_trap_has_its_fate(source: str, lake: str, tmp_path: Path) -> None:
    ingest(source, lake, tmp_path, text_of(source, [told for told, _ in CASES[source]]))
    staged = {row["row_number"]: row for row in rows_of(lake, "charging_session")}
    rules = [rule for _, rule in fates(lake)]
    found = [
        (told, rules[number - 1] or _figures(staged[number])) for number, (told, _) in enumerate(CASES[source], start=1)
    ]
    assert found == CASES[source]
    assert rules[len(CASES[source]) :] == [None] * 300


def _figures(row: dict[str, Any]) -> tuple[str, str, int]:
    return _short(row["started_at"]), _short(row["ended_at"]), row["reading_wh"]


def _short(moment: object) -> str:
    return str(moment).replace(" ", "T").removesuffix("+00:00").removesuffix(":00")


def test_makes_of_dundee_tell_the_current_and_rapid_ones_count_as_the_worse(lake: str, tmp_path: Path) -> None:
    makes = ["APT 7kW Single Outlet", "APT 7kW Dual Outlet", "APT 22kW Dual Outlet"]
    makes += ["APT Dual Rapid Charger", "APT Triple Rapid Charger", "APT 50kW Raption"]
    ingest("dundee_csv", lake, tmp_path, text_of("dundee_csv", [{"Model": make, "CP ID": "c7"} for make in makes]))
    staged = sorted(rows_of(lake, "charging_session"), key=lambda row: row["row_number"])[:6]
    assert [(row["power_type"], row["metering_point"]) for row in staged] == [("AC", "ac_input")] * 3 + [
        ("DC", "unknown")
    ] * 3
    assert {(row["station_id"], row["connector_id"], row["region"], row["rated_w"]) for row in staged} == {
        ("C7", "2", "GB", None)
    }


WITH_USER = ("Charging event", "User ID", *COLUMNS["dundee_csv"][1:])


def test_a_column_that_need_not_be_there_may_be_there(lake: str, tmp_path: Path) -> None:
    ingest("dundee_csv", lake, tmp_path, text_of("dundee_csv", []))
    assert rows_of(lake, "session_owner") == []
    text = text_of("dundee_csv", [{"User ID": "Driver-D", "Charging event": "U1"}], WITH_USER)
    ingest(
        "dundee_csv",
        lake,
        tmp_path,
        "\n".join(line + ",,,Note" for line in text.splitlines()).replace(",,,Note", ",,,", 1),
    )
    (owner,) = rows_of(lake, "session_owner")
    assert owner["session_id"] == "DUNDEE:U1" and len(owner["user_id"]) == 64
    assert batches(lake)[1]["rows_received"] == 301


def test_a_column_that_need_not_be_there_is_missed_under_another_name(lake: str, tmp_path: Path) -> None:
    renamed = text_of("dundee_csv", [], WITH_USER).replace("User ID", "UserID", 1)
    with pytest.raises(Refused, match=r"rule columns_present: column User ID \(is it 'UserID' here\?\)"):
        ingest("dundee_csv", lake, tmp_path, renamed)


def test_the_iso_form_of_dundee_is_a_definition_of_its_own_with_the_same_orders(lake: str, tmp_path: Path) -> None:
    ingest("dundee_csv", lake, tmp_path, text_of("dundee_csv", []))
    ingest("dundee_iso_csv", lake, tmp_path, text_of("dundee_iso_csv", []))
    assert [(batch["source"], batch["rows_duplicate"]) for batch in batches(lake)] == [
        ("dundee_csv", 0),
        ("dundee_iso_csv", 300),
    ]
    with pytest.raises(Refused, match=r"quarantined_share.*start_readable 301"):
        ingest("dundee_csv", lake, tmp_path, text_of("dundee_iso_csv", [{}]))


@pytest.mark.parametrize("which", ["header", "last", "all but the last"])
def test_lines_that_end_in_two_ways_are_lines(which: str, lake: str, tmp_path: Path) -> None:
    """The first line of Dundee's portal file ends as on Windows, the others do not."""
    lines = text_of("dundee_iso_csv", []).splitlines()
    long = {"header": range(1), "last": range(300, 301), "all but the last": range(300)}[which]
    ends = ["\r\n" if place in long else "\n" for place in range(len(lines))]
    ingest("dundee_iso_csv", lake, tmp_path, "".join(map(str.__add__, lines, ends)))
    assert [outcome for outcome, _ in fates(lake)] == ["accepted"] * 300
    lines[200] += ",x"
    with pytest.raises(Refused, match="rule csv_shape: line 201"):
        ingest("dundee_iso_csv", lake, tmp_path, "".join(map(str.__add__, lines, ends)))


def test_a_file_without_a_region_is_refused_and_no_region_is_guessed(lake: str, tmp_path: Path) -> None:
    for year in ("2015", "0015"):
        told = {"created": f"{year}-06-20 10:00:00", "ended": f"{year}-06-20 11:00:00"}
        with pytest.raises(Refused, match=r"rule quarantined_share.*Most refused rows: region_known"):
            ingest("us_workplace_csv", lake, tmp_path, text_of("us_workplace_csv", [told]))
    assert rows_of(lake, "charging_session") == []


@pytest.mark.parametrize("source", ["boulder_csv", "dundee_csv"])
def test_sessions_of_a_region_that_no_programme_covers_are_outside(source: str, lake: str, tmp_path: Path) -> None:
    ingest(source, lake, tmp_path, text_of(source, []))
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    assert published(lake, "SELECT state, count(*) FROM session_status GROUP BY state") == [("outside", 300)]
    assert published(lake, "SELECT count(*) FROM ledger_entry") == [(0,)]


@pytest.mark.parametrize("source", ["norway_csv", "dundee_csv"])
def test_no_driver_leaves_the_landing(source: str, lake: str, tmp_path: Path) -> None:
    name = "Driver-Known-To-Nobody"
    column, columns = ("user_id", None) if source == "norway_csv" else ("User ID", WITH_USER)
    bad = {"energy_session": "x"} if source == "norway_csv" else {"Total kWh": "x"}
    ingest(source, lake, tmp_path, text_of(source, [{column: name}, {column: name} | bad], columns))
    owners = {row["session_id"].rpartition(":")[2]: row["user_id"] for row in rows_of(lake, "session_owner")}
    assert "R1" in owners and "R2" not in owners
    assert found_in(lake, [name], but_not_below=("landing",)) == []
