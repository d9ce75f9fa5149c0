"""Small files of green supply and certificates, written by hand: sound rows, and what a test changes in them."""

from __future__ import annotations

from pathlib import Path

from tests.staging.canonical_files import Row, csv_text

SUPPLY, CERTIFICATE = "green_supply_csv", "certificate_csv"
# 10 kWh of PV at a station of INVENTED-A, of which 3 charge a battery and 1 is exported.
SOUND: dict[str, Row] = {
    SUPPLY: {
        "supply_id": "roof-1",
        "kind": "pv",
        "scope_kind": "station",
        "scope_id": "A-1",
        "operator": "INVENTED-A",
        "region": "CN-GRID-EAST",
        "hour_start": "2026-03-10T12:00:00+08:00",
        "generated_kwh": "10",
        "to_battery_kwh": "3",
        "exported_kwh": "1",
        "charged_kwh": "",
        "charged_from_pv_kwh": "",
        "round_trip_per_mille": "",
        "no_transfer_declared": "true",
        "contract_id": "",
    },
    CERTIFICATE: {
        "registry": "INVENTED-REGISTRY",
        "serial": "C-1",
        "contract_id": "K-1",
        "production_month": "2026-02",
        "region": "CN-GRID-EAST",
        "energy_mwh": "1",
        "beneficiary": "INVENTED-A",
        "retired_at": "",
        "retirement_reference": "",
        "expires_on": "",
        "linked_to_credits": "false",
        "used_for_quota": "false",
        "revoked": "",
    },
}
# What makes the sound PV hour one of a battery, which takes in 6 kWh, 2 of them from PV, or one of a contract of an operator.
BATTERY: Row = {
    "kind": "battery",
    "generated_kwh": "5",
    "to_battery_kwh": "",
    "exported_kwh": "0",
    "charged_kwh": "6",
    "charged_from_pv_kwh": "2",
    "round_trip_per_mille": "900",
    "no_transfer_declared": "",
}
CONTRACT: Row = {
    "kind": "contract",
    "scope_kind": "operator",
    "scope_id": "INVENTED-A",
    "operator": "",
    "to_battery_kwh": "",
    "exported_kwh": "",
    "no_transfer_declared": "",
    "contract_id": "k-1",
}
# The column that makes a row another row.
TELLS_APART = {SUPPLY: "supply_id", CERTIFICATE: "serial"}


def row(source: str, told: Row | None = None, **more: str) -> Row:
    """The sound row of a source with other values."""
    change = (told or {}) | more
    if unknown := set(change) - set(SOUND[source]):
        raise KeyError(f"no such column: {unknown}")
    return SOUND[source] | change


def others(source: str, count: int) -> list[Row]:
    """So many sound rows that nothing else is about."""
    return [row(source, {TELLS_APART[source]: f"other-{number}"}) for number in range(count)]


def write(path: Path, source: str, *rows: Row, without: tuple[str, ...] = ()) -> str:
    """Write rows in the format of a source, without some columns, and return the path."""
    kept = [name for name in SOUND[source] if name not in without]
    path.write_text(csv_text(kept, [{name: told[name] for name in kept} for told in rows]), encoding="utf-8")
    return str(path)
