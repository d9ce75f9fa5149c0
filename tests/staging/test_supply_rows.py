"""Every row rule of green supply and certificates at its boundary: what just passes and what just fails."""

from __future__ import annotations

import pytest

from chargeledger import flow
from chargeledger.contract import contract
from chargeledger.source import load_source
from tests.staging.canonical_files import AT, Row
from tests.staging.conftest import fixed_key
from tests.staging.lake_contents import fates
from tests.staging.supply_files import BATTERY, CERTIFICATE, CONTRACT, SOUND, SUPPLY, TELLS_APART, others, row, write

Fates = list[tuple[str, str | None]]
OF_PROGRAMME = CONTRACT | {"scope_kind": "programme", "scope_id": "cn_green_energy"}
RETIRED = {"retired_at": "2026-03-01T00:00:00Z", "retirement_reference": "R-1"}
LEAST, EXACT = "0.000000000000000001", "1.000000000000000000"

# source: (rule, what just passes, what just fails)
BOUNDARIES: dict[str, list[tuple[str, Row, Row]]] = {
    SUPPLY: [
        ("supply_told", {"supply_id": " 0 "}, {"supply_id": "  "}),
        ("kind_known", {"kind": " pv "}, {"kind": "PV"}),
        ("kind_known", CONTRACT, CONTRACT | {"kind": "contracts"}),
        ("scope_known", OF_PROGRAMME, OF_PROGRAMME | {"scope_kind": "Programme"}),
        ("scope_known", {"scope_id": " 0 "}, {"scope_id": " "}),
        ("operator_told", CONTRACT | {"operator": ""}, {"operator": " "}),
        ("operator_told", OF_PROGRAMME | {"operator": ""}, BATTERY | {"operator": ""}),
        ("region_known", {"region": " CN-GRID-SW "}, {"region": "cn-grid-sw"}),
        ("hour_readable", {"hour_start": "2026-03-10 12:00"}, {"hour_start": "10.03.2026 12:00"}),
        ("hour_readable", {"hour_start": "2024-02-29T00:00:00Z"}, {"hour_start": "2026-02-29T00:00:00Z"}),
        ("hour_whole", {"hour_start": "2026-03-10T06:30:00+05:30"}, {"hour_start": "2026-03-10T06:00:00+05:30"}),
        ("hour_whole", {"hour_start": "2026-03-10T12:00:00.9Z"}, {"hour_start": "2026-03-10T12:00:01Z"}),
        ("energy_readable", {"generated_kwh": " 10.000000000000000000 "}, {"generated_kwh": "10.0000000000000000000"}),
        ("energy_readable", {"generated_kwh": "+4"}, {"generated_kwh": ""}),
        ("energy_readable", {"to_battery_kwh": "0"}, {"to_battery_kwh": "n/a"}),
        ("energy_readable", {"exported_kwh": "1.5"}, {"exported_kwh": "1,5"}),
        ("energy_readable", BATTERY, BATTERY | {"charged_kwh": "6 kWh"}),
        ("energy_readable", BATTERY | {"charged_from_pv_kwh": "1"}, BATTERY | {"charged_from_pv_kwh": "1e0"}),
        ("energy_not_negative", {"generated_kwh": "4"}, {"exported_kwh": f"-{LEAST}"}),
        ("energy_not_negative", {"to_battery_kwh": "-0"}, {"to_battery_kwh": f"-{LEAST}"}),
        ("energy_not_negative", CONTRACT | {"generated_kwh": "0"}, CONTRACT | {"generated_kwh": f"-{LEAST}"}),
        ("energy_not_negative", BATTERY | {"charged_from_pv_kwh": "0"}, BATTERY | {"charged_from_pv_kwh": "-1"}),
        ("energy_possible", {"generated_kwh": "20000"}, {"generated_kwh": "20000.001"}),
        ("energy_possible", BATTERY | {"charged_kwh": "20000"}, BATTERY | {"charged_kwh": "20000.001"}),
        ("energy_possible", CONTRACT | {"generated_kwh": "999999999"}, BATTERY | {"generated_kwh": "999999999"}),
        ("uses_told", {"to_battery_kwh": "0"}, {"to_battery_kwh": ""}),
        ("uses_told", {"exported_kwh": "0"}, {"exported_kwh": " "}),
        ("uses_told", BATTERY | {"exported_kwh": "1"}, BATTERY | {"exported_kwh": ""}),
        ("uses_told", BATTERY | {"to_battery_kwh": " "}, BATTERY | {"to_battery_kwh": "0"}),
        ("uses_told", CONTRACT | {"exported_kwh": " "}, CONTRACT | {"exported_kwh": "0"}),
        ("uses_within_generated", {"to_battery_kwh": "9"}, {"to_battery_kwh": f"9.{LEAST[2:]}"}),
        ("uses_within_generated", {"generated_kwh": "4"}, {"generated_kwh": "3.999999999999999999"}),
        ("uses_within_generated", BATTERY | {"exported_kwh": "5"}, BATTERY | {"exported_kwh": "5.0001"}),
        ("charging_told", BATTERY | {"charged_kwh": "2"}, BATTERY | {"charged_kwh": ""}),
        ("charging_told", BATTERY | {"charged_from_pv_kwh": "0"}, BATTERY | {"charged_from_pv_kwh": " "}),
        ("charging_told", BATTERY | {"round_trip_per_mille": "1"}, BATTERY | {"round_trip_per_mille": " "}),
        ("charging_told", {"charged_kwh": " "}, {"charged_kwh": "0"}),
        ("charging_told", CONTRACT | {"round_trip_per_mille": " "}, CONTRACT | {"round_trip_per_mille": "?"}),
        ("charged_from_pv_possible", BATTERY | {"charged_kwh": "2"}, BATTERY | {"charged_kwh": "1.999999999999999999"}),
        ("round_trip_possible", BATTERY | {"round_trip_per_mille": "1"}, BATTERY | {"round_trip_per_mille": "0"}),
        ("round_trip_possible", BATTERY | {"round_trip_per_mille": "1000"}, BATTERY | {"round_trip_per_mille": "1001"}),
        ("round_trip_possible", BATTERY | {"round_trip_per_mille": " 900 "}, BATTERY | {"round_trip_per_mille": "0.9"}),
        ("declaration_readable", {"no_transfer_declared": " True "}, {"no_transfer_declared": "yes"}),
        ("declaration_readable", BATTERY | {"no_transfer_declared": " "}, BATTERY | {"no_transfer_declared": "1"}),
        ("no_transfer_declared", {"no_transfer_declared": "true"}, {"no_transfer_declared": "false"}),
        ("no_transfer_declared", CONTRACT | {"no_transfer_declared": "false"}, {"no_transfer_declared": ""}),
        ("contract_told", CONTRACT | {"contract_id": " 0 "}, CONTRACT | {"contract_id": " "}),
        ("contract_told", {"contract_id": ""}, OF_PROGRAMME | {"contract_id": ""}),
    ],
    CERTIFICATE: [
        ("registry_told", {"registry": " 0 "}, {"registry": " "}),
        ("serial_told", {"serial": " 0 "}, {"serial": " "}),
        ("month_readable", {"production_month": " 2024-02 "}, {"production_month": "2024-02-29"}),
        ("month_readable", {"production_month": "2026-12"}, {"production_month": "2026-13"}),
        ("month_readable", {"production_month": "0001-01"}, {"production_month": "2026-00"}),
        ("month_readable", {"production_month": "2026-01"}, {"production_month": "2026-1"}),
        ("region_known", {"region": " NO "}, {"region": "NO1"}),
        ("energy_readable", {"energy_mwh": f" {EXACT} "}, {"energy_mwh": f"{EXACT}0"}),
        ("energy_readable", {"energy_mwh": "+1"}, {"energy_mwh": "1,0"}),
        ("energy_readable", {"energy_mwh": "1.0"}, {"energy_mwh": ""}),
        ("energy_is_one_mwh", {"energy_mwh": EXACT}, {"energy_mwh": "1.000000000000000001"}),
        ("energy_is_one_mwh", {"energy_mwh": "001"}, {"energy_mwh": "0.999999999999999999"}),
        ("energy_is_one_mwh", {"energy_mwh": "1"}, {"energy_mwh": "1000"}),
        ("retirement_readable", RETIRED, RETIRED | {"retired_at": "2026-03-01T00:00:00"}),
        ("retirement_readable", {"retired_at": "  "}, {"retired_at": "retired"}),
        ("retirement_whole", RETIRED, RETIRED | {"retirement_reference": " "}),
        ("retirement_whole", {"retirement_reference": " "}, {"retirement_reference": "R-1"}),
        (
            "retirement_possible",
            RETIRED | {"retired_at": "2026-02-01T00:00:00+14:00"},
            RETIRED | {"retired_at": "2026-01-31T23:59:59+14:00"},
        ),
        ("expiry_readable", {"expires_on": " 2028-02-29 "}, {"expires_on": "2028-02-30"}),
        ("expiry_readable", {"expires_on": " "}, {"expires_on": "2028-02"}),
        ("expiry_possible", {"expires_on": "2026-02-01"}, {"expires_on": "2026-01-31"}),
        ("uses_told", {"linked_to_credits": " TRUE "}, {"linked_to_credits": ""}),
        ("uses_told", {"used_for_quota": "true"}, {"used_for_quota": "no"}),
        ("revocation_readable", {"revoked": "true"}, {"revoked": "yes"}),
        ("revocation_readable", {"revoked": " "}, {"revoked": "?"}),
    ],
}
CASES = [(source, place) for source, table in BOUNDARIES.items() for place in range(len(table))]
# A local time in a zone with summer time: tests/staging/test_supply_tellings.py.
OF_ZONES = {"hour_once"}


@pytest.fixture(scope="module")
def fates_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fates]:
    """For each source a lake of its own: the rows that pass, those that fail, and sound ones, so that the file may pass."""
    told = {}
    for source, table in BOUNDARIES.items():
        folder = tmp_path_factory.mktemp(source)
        changed = [passing for _, passing, _ in table] + [failing for _, _, failing in table]
        rows = [row(source, {TELLS_APART[source]: f"row-{place}"} | change) for place, change in enumerate(changed)]
        rows += others(source, 9 * len(table))
        with fixed_key():
            flow.ingest(source, [write(folder / "rows.csv", source, *rows)], str(folder / "lake"), AT)
        told[source] = fates(folder / "lake")
    return told


def _name(source: str, place: int) -> str:
    rule, passing, failing = BOUNDARIES[source][place]
    return f"{source} {rule}: {passing} / {failing}"


@pytest.mark.parametrize(("source", "place"), CASES, ids=[_name(*case) for case in CASES])
def test_a_row_at_the_boundary(source: str, place: int, fates_of: dict[str, Fates]) -> None:
    table = BOUNDARIES[source]
    assert fates_of[source][place] == ("accepted", None)
    assert fates_of[source][len(table) + place] == ("quarantined", table[place][0])


@pytest.mark.parametrize("source", SOUND)
def test_no_row_rule_is_without_a_boundary(source: str) -> None:
    rules = {rule.rule_id for rule in contract(load_source(source).relation).row_rules}
    assert rules - OF_ZONES == {rule for rule, _, _ in BOUNDARIES[source]}
