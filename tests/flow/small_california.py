"""Three made-up days in region US-CAL-CISO, in the canonical formats: small enough to be accounted in a second."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chargeledger import flow

PROGRAMME = "us_california"
AT = "2019-02-01T00:00:00Z"
LATER = "2019-02-02T00:00:00Z"
FIRST_HOUR = datetime(2019, 1, 3, tzinfo=UTC)
SESSION_HEADER = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,started_at,ended_at,"
    "energy_kwh"
)
GRID_HEADER = (
    "region,hour_start,coal_mwh,gas_mwh,oil_mwh,nuclear_mwh,hydro_mwh,wind_mwh,solar_mwh,biomass_mwh,geothermal_mwh,"
    "unknown_mwh"
)


def session_line(number: int, energy_kwh: str | None = None, revised_at: str = "", at: int | None = None) -> str:
    """The session of that number: every 90 minutes one starts, and charges for 100 minutes; `at` is another's place."""
    start = FIRST_HOUR + timedelta(minutes=90 * (number if at is None else at))
    end = start + timedelta(minutes=100)
    told = energy_kwh or f"{5 + number}.{100 + 7 * number}"
    account = f"made-up-{number % 5}"
    return (
        f"MADEUP,{number:03d},{revised_at},{account},POST-1,US-CAL-CISO,AC,ac_input,7,"
        f"{start.isoformat()},{end.isoformat()},{told}"
    )


def grid_line(hour: int, gas_mwh: int | None = None) -> str:
    """The hour of that number after the first: gas and sun in a share that no other hour has."""
    gas = 4000 + 37 * hour if gas_mwh is None else gas_mwh
    return f"US-CAL-CISO,{(FIRST_HOUR + timedelta(hours=hour)).isoformat()},11,{gas},,2200,-300,,{1000 + hour},,,3"


def write_lines(path: Path, header: str, lines: Iterable[str]) -> str:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def write_sessions(path: Path, numbers: Iterable[int] = range(40)) -> str:
    return write_lines(path, SESSION_HEADER, [session_line(number) for number in numbers])


def write_grid(path: Path, hours: Iterable[int] = range(72)) -> str:
    return write_lines(path, GRID_HEADER, [grid_line(hour) for hour in hours])


def staged(folder: Path, lake: str) -> str:
    """A lake in which both files are staged and nothing is accounted."""
    flow.ingest("grid_mix_csv", [write_grid(folder / "grid.csv")], lake, AT)
    flow.ingest("session_csv", [write_sessions(folder / "sessions.csv")], lake, AT)
    return lake
