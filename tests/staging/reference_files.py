"""Small files of what is no session, written by hand: a sound row of each source, and what a test changes in it."""

from __future__ import annotations

from pathlib import Path

from tests.staging.canonical_files import Row, csv_text

SOUND: dict[str, Row] = {
    "station_csv": {
        "operator": "INVENTED-A",
        "issuer": "",
        "station_id": "A-1",
        "connector_id": "",
        "valid_from": "2026-01-01T00:00:00+08:00",
        "region": "CN-GRID-EAST",
        "county_code": "310115",
        "power_type": "DC",
        "rated_kw": "120",
        "metering_point": "dc_output",
        "meter_class": "1.0",
        "time_zone": "Asia/Shanghai",
        "access": "public",
    },
    "session_owner_csv": {
        "operator": "INVENTED-A",
        "order_number": "S1",
        "token": "",
        "account": "account-1",
        "known_since": "",
    },
    "enrolment_csv": {
        "account": "account-1",
        "programme": "cn_green_energy",
        "enrolled_from": "2026-01-01T00:00:00+08:00",
        "enrolled_until": "",
    },
    "delivery_control_csv": {
        "operator": "INVENTED-A",
        "day": "2026-03-10",
        "region": "",
        "sessions": "12",
        "energy_kwh": "240.5",
    },
}
# The column that makes a row another row.
TELLS_APART = {
    "station_csv": "station_id",
    "session_owner_csv": "order_number",
    "enrolment_csv": "account",
    "delivery_control_csv": "operator",
}


def row(source: str, **told: str) -> Row:
    """The sound row of a source with other values."""
    if unknown := set(told) - set(SOUND[source]):
        raise KeyError(f"no such column: {unknown}")
    return SOUND[source] | told


def write(path: Path, source: str, *rows: Row) -> str:
    """Write rows in the format of a source and return the path."""
    path.write_text(csv_text(SOUND[source], rows), encoding="utf-8")
    return str(path)
