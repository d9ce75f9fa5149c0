"""Charge records as JSON, written by hand: a sound one, and what a test changes in it by path."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]
START = datetime(2026, 3, 10, 1, tzinfo=UTC)
ABSENT = type("Absent", (), {"__repr__": lambda _: "absent"})()  # a member that is not there


def utc(second: int) -> str:
    """So many seconds after the start of the sound record, as OCPI writes an instant."""
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cdr(number: object, **told: Any) -> Json:
    """A sound OCPI record of an invented operator: 10 kWh in one hour. `a__b` names b inside a; ABSENT takes a field away."""
    record: Json = {
        "country_code": "nl",
        "party_id": "inv",
        "id": f"r{number}",
        "start_date_time": utc(0),
        "end_date_time": utc(3600),
        "cdr_token": {"uid": f"token-{number}", "type": "RFID", "contract_id": f"contract-{number}"},
        "cdr_location": {
            "id": "loc1",
            "evse_uid": "e1",
            "evse_id": "NL*INV*E1",
            "connector_id": "2",
            "connector_power_type": "AC_3_PHASE",
        },
        "charging_periods": [],
        "total_energy": 10.0,
        "total_time": 1.0,
        "last_updated": utc(7200),
    }
    return changed(record, told)


def period(second: int, energy: object = ABSENT, *more: Json) -> Json:
    """A charging period from a second on, with its energy where it has one."""
    dimensions = [{"type": "TIME", "volume": 0.25}, *more]
    if energy is not ABSENT:
        dimensions.append({"type": "ENERGY", "volume": energy})
    return {"start_date_time": utc(second), "dimensions": dimensions}


def changed(record: Json, told: dict[str, Any]) -> Json:
    """The record with values set, or taken away, at paths."""
    for path, value in told.items():
        *parents, last = path.split("__")
        node = record
        for name in parents:
            node = node[name]
        if value is ABSENT:
            del node[last]
        else:
            node[last] = value
    return record


def json_lines(path: Path, *records: Json) -> str:
    """Write one record a line and return the path."""
    path.write_text("".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records), encoding="utf-8")
    return str(path)
