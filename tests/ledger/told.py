"""Rows of the sources that say more than a session: connectors, tokens, stations, owners, enrolments, credits, certificates."""

from __future__ import annotations

from datetime import datetime, timedelta

Row = dict[str, str]
NOON = "2026-03-09T12:00:00+08:00"


def charged(order: str, kwh: str = "10", **told: str) -> Row:
    """A two-hour AC charge until noon of 9 March in Shanghai, as operator OP tells it; region empty is the station's to tell."""
    ended = told.pop("ended_at", NOON)
    row = {
        "operator": "OP",
        "order_number": order,
        "revised_at": "",
        "is_credit": "",
        "account": "alice",
        "station_id": "ST",
        "connector_id": "",
        "token": "",
        "region": "CN-GRID-EAST",
        "power_type": "AC",
        "metering_point": "ac_input",
        "rated_kw": "",
        "started_at": (datetime.fromisoformat(ended) - timedelta(hours=2)).isoformat(),
        "ended_at": ended,
        "energy_kwh": kwh,
    }
    return _changed(row, told)


def unplaced(order: str, kwh: str = "10", **told: str) -> Row:
    """The same, of which only the station knows where it is and what it is."""
    return charged(order, kwh, **{"region": "", "power_type": "", "metering_point": ""} | told)


def station(**told: str) -> Row:
    """Station ST of operator OP: AC in Shanghai, since January."""
    row = {
        "operator": "OP",
        "issuer": "",
        "station_id": "ST",
        "connector_id": "",
        "valid_from": "2026-01-01T00:00:00+08:00",
        "region": "CN-GRID-EAST",
        "county_code": "310115",
        "power_type": "AC",
        "rated_kw": "7",
        "metering_point": "ac_input",
        "meter_class": "",
        "time_zone": "Asia/Shanghai",
        "access": "public",
    }
    return _changed(row, told)


def owner(**told: str) -> Row:
    """A statement of the reward service; name an order or a token."""
    row = {"operator": "OP", "order_number": "", "token": "", "account": "bob", "known_since": ""}
    return _changed(row, told)


def enrolled(account: str, since: str = "2026-01-01T00:00:00+08:00", until: str = "") -> Row:
    """An enrolment in the Chinese programme."""
    return {"account": account, "programme": "cn_green_energy", "enrolled_from": since, "enrolled_until": until}


def certificate(serial: int, **told: str) -> Row:
    """1 MWh of contract K1 of March 2026, retired in May and used for nothing else."""
    row = {
        "registry": "GEC",
        "serial": str(serial),
        "contract_id": "K1",
        "production_month": "2026-03",
        "region": "CN-GRID-EAST",
        "energy_mwh": "1",
        "retired_at": "2026-05-01T00:00:00Z",
        "retirement_reference": f"R{serial}",
        "expires_on": "",
        "linked_to_credits": "false",
        "used_for_quota": "false",
        "revoked": "",
    }
    return _changed(row, told)


def _changed(row: Row, told: Row) -> Row:
    if unknown := set(told) - set(row):
        raise KeyError(f"no such column: {unknown}")
    return row | told
