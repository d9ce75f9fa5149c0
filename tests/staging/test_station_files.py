"""Stations of OCPI and T/CEC 102: one row per connector, its grid and rated power, and the key that its sessions name."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow, rooms, staging
from chargeledger.errors import Refused
from chargeledger.source import load_source
from tests.staging.canonical_files import AT
from tests.staging.json_files import ABSENT, Json, cdr, changed, json_lines
from tests.staging.lake_contents import fates, rows_of
from tests.staging.test_tcec_order import ISSUER, order

TOLD = (
    "issuer",
    "station_id",
    "connector_id",
    "operator_id",
    "region",
    "power_type",
    "rated_w",
    "metering_point",
    "access",
)


def connector(number: int, **told: Any) -> Json:
    record: Json = {
        "id": f"{number}",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "last_updated": "2026-01-02T03:04:05Z",
    }
    return changed(record, told)


def location(*connectors: Json, **told: Any) -> Json:
    record: Json = {
        "country_code": "nl",
        "party_id": "inv",
        "id": "loc1",
        "publish": True,
        "country": "NOR",
        "time_zone": "Europe/Oslo",
        "evses": [{"uid": "e1", "status": "AVAILABLE", "connectors": list(connectors)}],
        "last_updated": "2026-03-01T00:00:00Z",
    }
    return changed(record, told)


def stations(source: str, lake: str, folder: Path, *records: Json) -> list[Json]:
    flow.ingest(source, [json_lines(folder / "stations.json", *records)], lake, AT)
    return sorted(rows_of(lake, "charging_station"), key=lambda row: row["row_number"])


def test_what_is_staged_of_a_location(lake: str, tmp_path: Path) -> None:
    (row,) = stations("ocpi_location", lake, tmp_path, location(connector(2)))
    ocpi = ("NL*INV", "LOC1", "E1-2", "NL*INV", "NO", "AC", 22_080, "ac_input", "public")
    assert tuple(row[name] for name in TOLD) == ocpi
    assert (row["valid_from"], row["time_zone"]) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Europe/Oslo")
    flow.ingest("ocpi_cdr", [json_lines(tmp_path / "records.json", cdr(1))], lake, AT)
    (session,) = rows_of(lake, "charging_session")
    assert all(session[name] == row[name] for name in ("issuer", "station_id", "connector_id"))


POWER: list[tuple[Json, tuple[str, int | None, str]]] = [
    ({}, ("AC", 22_080, "ac_input")),
    ({"power_type": "AC_1_PHASE"}, ("AC", 7_360, "ac_input")),
    ({"power_type": "AC_2_PHASE"}, ("AC", None, "ac_input")),
    ({"power_type": "AC_2_PHASE_SPLIT", "max_electric_power": 7000}, ("AC", 7_000, "ac_input")),
    ({"max_electric_power": 11_000}, ("AC", 11_000, "ac_input")),
    ({"power_type": "DC", "max_voltage": 920, "max_amperage": 400}, ("DC", 368_000, "unknown")),
    ({"power_type": "DC", "max_electric_power": "150000"}, ("DC", 150_000, "unknown")),
    ({"max_voltage": ABSENT}, ("AC", None, "ac_input")),
]


def test_type_and_rated_power_of_connectors(lake: str, tmp_path: Path) -> None:
    rows = stations(
        "ocpi_location", lake, tmp_path, location(*(connector(n, **told) for n, (told, _) in enumerate(POWER)))
    )
    assert [(row["power_type"], row["rated_w"], row["metering_point"]) for row in rows] == [owed for _, owed in POWER]


# (rule, what just passes, what just fails)
LOCATIONS: list[tuple[str, Json, Json]] = [
    ("nothing_told", location(connector(1)), location(evses=[])),
    ("nothing_told", location(connector(0)), location(connector(1, id=ABSENT))),
    ("region_known", location(connector(1), country="nor"), location(connector(1), country="BEL")),
    ("power_type_known", location(connector(1, power_type="dc")), location(connector(1, power_type="HEAT"))),
    ("valid_from_readable", location(connector(1, last_updated="2026-01-01 00:00")), location(connector(1, last_updated=0))),
    ("rated_power_readable", location(connector(1, max_electric_power=None)), location(connector(1, max_electric_power="11 kW"))),
    ("rated_power_positive", location(connector(1, max_amperage=1)), location(connector(1, max_amperage=0))),
]  # fmt: skip


def test_connectors_at_the_boundary(lake: str, tmp_path: Path) -> None:
    told = [ok for _, ok, _ in LOCATIONS] + [bad for _, _, bad in LOCATIONS]
    records = [record | {"id": f"at {place}"} for place, record in enumerate(told)]
    stations("ocpi_location", lake, tmp_path, *records, *(location(connector(1), id=f"s{n}") for n in range(90)))
    judged = fates(lake)[: len(told)]
    assert judged[: len(LOCATIONS)] == [("accepted", None)] * len(LOCATIONS)
    assert judged[len(LOCATIONS) :] == [("quarantined", rule) for rule, _, _ in LOCATIONS]


def test_a_location_told_again_is_a_duplicate_until_its_connector_changes(lake: str, tmp_path: Path) -> None:
    later = connector(1, max_amperage=16, last_updated="2026-03-05T00:00:00Z")
    told = [location(connector(1)), location(connector(1), last_updated="2026-03-02T00:00:00Z"), location(later)]
    for record in told:
        stations("ocpi_location", lake, tmp_path, record)
    assert fates(lake) == [("accepted", None), ("duplicate", None), ("accepted", None)]
    assert {(row["valid_from"].month, row["rated_w"]) for row in rows_of(lake, "charging_station")} == {
        (1, 22_080),
        (3, 11_040),
    }


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_the_example_of_the_specification(
    version: str, shared: Path, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in Belgium, which no region covers: refused, and taken where the definition names the region."""
    path = str(shared / "data" / "ocpi" / f"{version}_location_example.json")
    with pytest.raises(Refused, match="region_known 3"):
        flow.ingest("ocpi_location", [path], lake, AT)
    source = load_source("ocpi_location")
    norway = replace(source, constants=source.constants | {"region": "NO"})
    monkeypatch.setattr(flow, "load_source", lambda name: norway)
    monkeypatch.setattr(staging, "load_source", lambda name: norway)
    flow.ingest("ocpi_location", [path], lake, AT)
    told = [(row["connector_id"], row["rated_w"], row["valid_from"].day) for row in rows_of(lake, "charging_station")]
    assert sorted(told) == [("3256-1", 10_560, 16), ("3256-2", 10_560, 18), ("3257-1", 10_560, 29)]


def tcec_station(area: str, *types: object, **told: Any) -> Json:
    plugs = [
        {"ConnectorID": f"{ISSUER}con{n:04d}", "ConnectorType": kind, "Power": 60.5} for n, kind in enumerate(types, 1)
    ]
    record: Json = {
        "StationID": f"st{area}",
        "OperatorID": ISSUER.lower(),
        "AreaCode": area,
        "StationType": 1,
        "EquipmentInfos": [{"EquipmentID": "e1", "ConnectorInfos": plugs}],
    }
    return changed(record, told)


def test_what_is_staged_of_a_tcec_station(lake: str, tmp_path: Path) -> None:
    page = {"PageNo": 1, "PageCount": 1, "ItemSize": 1, "StationInfos": [tcec_station("310115", 4, "3", 1)]}
    first, second, third = stations("tcec_station", lake, tmp_path, page, {"StationInfos": []})
    name = f"{ISSUER}CON0001"
    owed = (ISSUER, name, name, ISSUER, "CN-GRID-EAST", "DC", 60_500, "unknown", "public")
    assert tuple(first[name] for name in TOLD) == owed
    assert (first["county_code"], first["time_zone"], first["valid_from"].year) == ("310115", "Asia/Shanghai", 2015)
    assert [(row["power_type"], row["metering_point"]) for row in (second, third)] == [("AC", "ac_input")] * 2
    flow.ingest("tcec_charge_order", [json_lines(tmp_path / "orders.json", order(1))], lake, AT)
    (session,) = rows_of(lake, "charging_session")
    assert all(session[name] == first[name] for name in ("issuer", "station_id", "connector_id"))


AREAS = {
    **{"110105": "NORTH", "370202": "NORTH", "150102": "NORTH", "152501": "NORTH", "150402": "NE", "150502": "NE"},
    **{"150702": "NE", "152201": "NE", "230102": "NE", "310115": "EAST", "350203": "EAST", "360102": "CENTRAL"},
    **{"430102": "CENTRAL", "440305": "SOUTH", "460105": "SOUTH", "530102": "SOUTH", "500103": "SW", "510104": "SW"},
    **{"540102": "SW", "610102": "NW", "650102": "NW"},
}


def test_a_county_stands_in_its_grid(lake: str, tmp_path: Path) -> None:
    records = [tcec_station(area, 4, OperatorID=f"OPERAT{area[:3]}") for area in AREAS]
    page = {"StationInfos": [record | {"OperatorID": f"IN{place:07d}"} for place, record in enumerate(records)]}
    rows = stations("tcec_station", lake, tmp_path, page)
    assert {row["county_code"]: row["region"] for row in rows} == {a: f"CN-GRID-{grid}" for a, grid in AREAS.items()}


def test_every_province_with_an_official_factor_has_a_grid(shared: Path) -> None:
    with open(shared / "data" / "factors" / "china" / "grid_factors_2021_2023.csv", encoding="utf-8") as text:
        official = {(row["level"], row["code"]) for row in csv.DictReader(text)}
    with open(rooms.CONTRACTS / "reference" / "province_grid.csv", encoding="utf-8") as text:
        ours = list(csv.DictReader(text))
    assert {row["province"] for row in ours} == {code for level, code in official if level == "province"} | {"CN-XZ"}
    assert {row["region"] for row in ours} == {code for level, code in official if level == "region"}
    assert len({row["area_prefix"] for row in ours}) == len(ours) == 31 + 4


BAD: list[tuple[str, Json]] = [
    ("region_known", {"AreaCode": "710100"}),
    ("region_known", {"AreaCode": ""}),
    ("county_code_form", {"AreaCode": "31011"}),
    ("power_type_known", {"EquipmentInfos": [{"ConnectorInfos": [{"ConnectorID": "c", "ConnectorType": 5}]}]}),
    ("nothing_told", {"EquipmentInfos": []}),
]


def test_connectors_that_cannot_be_placed_are_named(lake: str, tmp_path: Path) -> None:
    sound = [tcec_station("310115", 4, OperatorID=f"IN{n:07d}") for n in range(60)]
    bad = [tcec_station("310115", 4, OperatorID="INVENTED9", **told) for _, told in BAD]
    stations("tcec_station", lake, tmp_path, {"StationInfos": bad + sound})
    assert fates(lake)[: len(BAD)] == [("quarantined", rule) for rule, _ in BAD]
    assert "st310115" in json.loads(rows_of(lake, "quarantine")[0]["row_json"])["StationID"]
