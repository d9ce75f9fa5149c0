"""Green supply and certificates of the sample: energy closes, supply lies where charges are, and every row is accepted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from chargeledger import flow
from tests.sample.written_sample import Written
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import batches, rows_of

SUPPLY, CERTIFICATE = "green_supply_csv", "certificate_csv"
KINDS = {("pv", "station"), ("battery", "station"), ("contract", "operator"), ("contract", "programme")}


@pytest.fixture(scope="module")
def landed(dirty: Written, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with what the sample tells of supply and certificates."""
    lake = str(tmp_path_factory.mktemp("supply") / "lake")
    with fixed_key():
        for delivery in dirty.manifest["deliveries"]:
            for file in delivery["files"]:
                if file["source"] in (SUPPLY, CERTIFICATE):
                    flow.ingest(file["source"], [str(dirty.folder / file["path"])], lake, delivery["at"])
    return lake


def wh(text: str) -> int:
    """Whole Wh of a figure in kWh; nothing where none is told."""
    assert re.fullmatch(r"\d+\.\d{3}|", text)
    return int(Decimal(text or "0") * 1000)


def test_every_row_is_accepted_and_none_is_warned_of(dirty: Written, landed: str) -> None:
    told = Counter(outcome["outcome"] for outcome in rows_of(landed, "row_outcome"))
    assert told == {"accepted": len(dirty.rows(SUPPLY)) + len(dirty.rows(CERTIFICATE))}
    assert [batch["source"] for batch in batches(landed)] == [SUPPLY, CERTIFICATE, CERTIFICATE]
    assert not [batch for batch in batches(landed) if '"passed": false' in batch["validation"]]


def test_energy_closes_from_the_file_to_the_table(dirty: Written, landed: str) -> None:
    owed, staged = defaultdict[str, int](int), defaultdict[str, int](int)
    for row in dirty.rows(SUPPLY):
        owed[row["kind"]] += wh(row["generated_kwh"]) - wh(row["to_battery_kwh"]) - wh(row["exported_kwh"])
    for hour in rows_of(landed, "green_supply_hour"):
        staged[hour["supply_kind"]] += hour["available_wh"]
    assert staged == owed and min(owed.values()) > 0


def test_a_battery_gives_on_a_day_what_its_round_trip_leaves(dirty: Written) -> None:
    taken, given, rates = defaultdict[tuple[str, str], int](int), defaultdict[tuple[str, str], int](int), {}
    into: dict[tuple[str, str], int] = {}
    for row in dirty.rows(SUPPLY):
        key = row["supply_id"], row["hour_start"][:10]
        if row["kind"] == "battery":
            taken[key] += wh(row["charged_kwh"])
            given[key] += wh(row["generated_kwh"])
            rates[key] = int(row["round_trip_per_mille"])
            into[row["scope_id"], row["hour_start"]] = wh(row["charged_from_pv_kwh"])
    assert taken
    for key, energy in taken.items():
        assert 0 <= energy * rates[key] - given[key] * 1000 < 4000, (
            "four hours share it: at most three Wh are left over"
        )
    roofs = [row for row in dirty.rows(SUPPLY) if row["kind"] == "pv"]
    for row in roofs:
        assert wh(row["to_battery_kwh"]) == into.pop((row["scope_id"], row["hour_start"]), 0)
    assert not any(into.values()), "and what is taken from PV is given by PV"
    assert sum(wh(row["to_battery_kwh"]) > 0 for row in roofs) > 0


def test_supply_is_of_every_scope_and_where_charges_are(dirty: Written) -> None:
    supply = dirty.rows(SUPPLY)
    assert {(row["kind"], row["scope_kind"]) for row in supply} == KINDS
    assert len({(row["supply_id"], row["hour_start"]) for row in supply}) == len(supply)
    assert all(row["supply_id"].startswith("SYNTHETIC-") and row["hour_start"][13:] == ":00:00+08:00" for row in supply)
    sites = {row["scope_id"]: row for row in supply if row["scope_kind"] == "station"}
    for site, row in sites.items():
        station = dirty.stations[site]
        assert (row["operator"], row["region"]) == (station["operator"], station["region"])
    assert sum(order.connector in sites for order in dirty.orders) > 100
    of_programme = {row["region"] for row in supply if row["scope_kind"] == "programme"}
    assert of_programme == {"CN-GRID-EAST", "CN-GRID-SOUTH"}
    hours = Counter(row["supply_id"] for row in supply if row["kind"] == "contract")
    assert set(hours.values()) <= {24, 48, 72}


def test_certificates_are_the_whole_mwh_of_the_contracts(dirty: Written, landed: str) -> None:
    made = defaultdict[str, int](int)
    for row in dirty.rows(SUPPLY):
        if row["kind"] == "contract":
            made[row["contract_id"]] += wh(row["generated_kwh"])
    (issued, _), (later, _) = dirty.files(CERTIFICATE)
    assert ("_later" in issued, "_later" in later) == (False, True)
    told = rows_of(landed, "certificate")
    serials = Counter(row["contract_id"] for row in told if row["retired_at"] is None)
    assert serials == Counter({name: energy // 1_000_000 for name, energy in made.items() if energy >= 1_000_000})
    retired = {row["serial"] for row in told if row["retired_at"]}
    for_quota = {row["serial"] for row in told if row["is_used_for_quota"]}
    assert retired and for_quota and not retired & for_quota
    assert retired | for_quota < {row["serial"] for row in told}


def test_a_sample_without_a_whole_mwh_has_no_file_of_certificates(tmp_path: Path) -> None:
    small = Written(tmp_path / "small", sessions=1, days=1)
    assert small.files(CERTIFICATE) == []
    assert all(
        file["rows"] > 0 for each in small.manifest["deliveries"] for file in each["files"] if "supply" in file["path"]
    )


def test_supply_lands_before_the_sessions(dirty: Written) -> None:
    first = [file["source"] for file in dirty.manifest["deliveries"][0]["files"]]
    others = [place for place, source in enumerate(first) if source not in (SUPPLY, CERTIFICATE, "grid_mix_csv")]
    assert min(others) == len(first) - len(others)
