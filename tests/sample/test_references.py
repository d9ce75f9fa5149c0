"""What surrounds the charges fits them: stations, owners, enrolments, control totals, grid; all labelled synthetic."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from tests.sample.test_declared_defects import final_orders, live_orders
from tests.sample.written_sample import AGGREGATOR, Written

BEIJING = timezone(timedelta(hours=8))
PROVINCES = {
    "CN-GRID-NORTH": {"11", "12", "13", "14", "37"},
    "CN-GRID-NE": {"21", "22", "23"},
    "CN-GRID-EAST": {"31", "32", "33", "34", "35"},
    "CN-GRID-CENTRAL": {"36", "41", "42", "43"},
    "CN-GRID-SOUTH": {"44", "45", "46", "52", "53"},
    "CN-GRID-SW": {"50", "51"},
    "CN-GRID-NW": {"61", "62", "63", "64", "65"},
}


def test_both_tellings_of_the_stations_agree(dirty: Written) -> None:
    told = {}
    for path in (dirty.folder / "tcec_station").iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            station = json.loads(line)
            assert station["StationName"].startswith("SYNTHETIC") and len(station["StationID"]) <= 20
            for connector in (c for e in station["EquipmentInfos"] for c in e["ConnectorInfos"]):
                power_type = "DC" if connector["ConnectorType"] == 4 else "AC"
                access = "public" if station["StationType"] == 1 else "private"
                assert connector["ConnectorID"] not in told
                told[connector["ConnectorID"]] = (
                    station["OperatorID"],
                    station["AreaCode"],
                    power_type,
                    connector["Power"],
                    access,
                )
    rows = dirty.stations
    assert told == {
        key: (r["operator"], r["county_code"], r["power_type"], float(r["rated_kw"]), r["access"])
        for key, r in rows.items()
    }
    for row in rows.values():
        assert row["county_code"][:2] in PROVINCES[row["region"]]
        assert row["metering_point"] == "ac_input" or row["power_type"] == "DC"
    assert {r["metering_point"] for r in rows.values()} == {"ac_input", "dc_output", "unknown"}


def test_owners_are_of_charges_and_enrolled_or_declared(dirty: Written) -> None:
    live = {order.number: order for order in live_orders(dirty)}
    assert set(dirty.owners) <= set(live)
    window = {row["account"]: (row["enrolled_from"], row["enrolled_until"]) for row in dirty.rows("enrolment_csv")}
    outside = 0
    for number, account in dirty.owners.items():
        ended = f"{live[number].end}".replace(" ", "T") + "+08:00"
        since, until = window.get(account, ("9999", ""))
        if live[number].connector in dirty.stations:
            outside += not (since <= ended and (not until or ended < until))
    standing = {row["standing"]: row["sessions"] for row in dirty.expected["standings"]}
    assert standing["outside enrolment"] == outside > 0
    assert {len(each) > 0 for each in window.values()} == {True} and sum(
        bool(until) for _, until in window.values()
    ) > 0
    assert sum(standing.values()) == 3000


def test_control_totals_are_those_of_the_files_but_where_declared(dirty: Written) -> None:
    sent: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    elsewhere = 0
    for order in final_orders(dirty):
        if order.connector not in dirty.stations:
            elsewhere += 1
            continue
        region = dirty.stations[order.connector]["region"]
        assert order.energy is not None
        sent[order.number[:9], str(order.end)[:10], region].append(order.energy)
    told = {
        (r["operator"], r["day"], r["region"]): (int(r["sessions"]), r["energy_kwh"])
        for r in dirty.rows("delivery_control_csv")
    }
    (declared,) = dirty.expected["control_totals"]
    left = declared["left_out_operator"], declared["left_out_day"]
    assert not [key for key in told if key[:2] == left]
    over = tuple(declared[f"overstated_{name}"] for name in ("operator", "day", "region"))
    more = {over: (declared["sessions"], Decimal(declared["energy_wh"]) / 1000)}
    unplaced = 0  # charges at unknown stations: their operator knows the region, the files do not
    for key, (sessions, energy) in told.items():
        surplus = sessions - len(sent[key]) - more.get(key, (0, 0))[0]
        assert surplus >= 0
        unplaced += surplus
        if energy and not surplus:
            assert Decimal(energy) - more.get(key, (0, 0))[1] == sum(sent[key])
    assert {key[0] for key, (_, energy) in told.items() if not energy} == {"SYNTH0005"}
    in_left_out = sum(
        order.connector not in dirty.stations and (order.number[:9], str(order.end)[:10]) == left
        for order in live_orders(dirty)
    )
    assert unplaced + in_left_out == elsewhere
    assert AGGREGATOR in {key[0] for key in told}


def test_the_grid_covers_every_hour_of_every_telling(dirty: Written, clean: Written) -> None:
    hours = Counter((row["region"], datetime.fromisoformat(row["hour_start"])) for row in dirty.rows("grid_mix_csv"))
    clean_hours = Counter(
        (row["region"], datetime.fromisoformat(row["hour_start"])) for row in clean.rows("grid_mix_csv")
    )
    assert set(clean_hours.values()) == {1} and len(clean_hours) == 7 * 24 * 6
    assert set(clean_hours) - set(hours) == {("CN-GRID-NW", datetime(2026, 3, 10, 20, tzinfo=BEIJING))}
    assert [key for key, n in hours.items() if n == 2] == [("CN-GRID-SOUTH", datetime(2026, 3, 11, 10, tzinfo=BEIJING))]
    first, last = min(h for _, h in clean_hours), max(h for _, h in clean_hours) + timedelta(hours=1)
    for order in final_orders(dirty) + dirty.orders:
        assert first <= order.start.replace(tzinfo=BEIJING)
        assert order.end is None or order.end.replace(tzinfo=BEIJING) <= last


def test_everything_shown_is_labelled_synthetic(dirty: Written) -> None:
    assert dirty.manifest["synthetic"] is dirty.expected["synthetic"] is True
    assert (dirty.folder / "README.txt").read_text(encoding="utf-8").startswith("SYNTHETIC")
    for path in dirty.folder.rglob("*.*"):
        assert path.parent == dirty.folder or path.name.startswith("synthetic_")
    assert all(re.match(r"SYNTH000[1-69]|$", order.number) for order in dirty.orders)
    assert all(order.connector.startswith("SYNTH000") for order in dirty.orders)
    assert all(account.startswith("synthetic-user-") for account in dirty.owners.values())
    assert {str(o.told["Vin"])[:9] for o in dirty.orders if "Vin" in o.told} == {"SYNTHETIC"}
    assert all(len(o.told["Vin"]) == 17 for o in dirty.orders if "Vin" in o.told)


def test_the_manifest_lists_every_file_once(dirty: Written) -> None:
    told = [file for each in dirty.manifest["deliveries"] for file in each["files"]]
    beside = {"README.txt", "manifest.json", "expected.json"}
    there = {path.relative_to(dirty.folder).as_posix() for path in dirty.folder.rglob("*") if path.is_file()} - beside
    assert Counter(file["path"] for file in told) == Counter(there)
    for file in told:
        lines = (dirty.folder / file["path"]).read_text(encoding="utf-8").splitlines()
        assert len(lines) == file["rows"] + file["path"].endswith(".csv") and file["rows"] > 0
    assert [each["at"] for each in dirty.manifest["deliveries"]] == [
        "2026-03-12T02:00:00+08:00",
        "2026-03-14T00:00:00+08:00",
    ]
