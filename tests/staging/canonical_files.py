"""Small files in the canonical formats, written by hand: a sound row, and what a test changes in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

SESSION_COLUMNS = (
    *("operator", "order_number", "revised_at", "account", "station_id", "region", "power_type"),
    *("metering_point", "rated_kw", "started_at", "ended_at", "energy_kwh"),
)
GRID_COLUMNS = (
    *("region", "hour_start", "coal_mwh", "gas_mwh", "oil_mwh", "nuclear_mwh", "hydro_mwh", "wind_mwh"),
    *("solar_mwh", "biomass_mwh", "geothermal_mwh", "unknown_mwh"),
)
AT = "2026-03-13T15:58:30+00:00"
Row = dict[str, str]


def session_row(order: str, **told: str) -> Row:
    """A sound session of an invented operator: 10 kWh, DC, one hour of 10 March 2026 in Shanghai."""
    row = {
        "operator": "INVENTED-A",
        "order_number": order,
        "revised_at": "",
        "account": f"account-{order}",
        "station_id": "INVENTED-A-1",
        "region": "CN-GRID-EAST",
        "power_type": "DC",
        "metering_point": "dc_output",
        "rated_kw": "60",
        "started_at": "2026-03-10T09:00:00+08:00",
        "ended_at": "2026-03-10T10:00:00+08:00",
        "energy_kwh": "10.000",
    }
    return _changed(row, told)


def session_rows(count: int, first: int = 1, **told: str) -> list[Row]:
    """So many sound sessions, orders S0001, S0002 and so on."""
    return [session_row(f"S{number:04d}", **told) for number in range(first, first + count)]


def grid_row(hour_start: str = "2026-03-10T01:00:00Z", **told: str) -> Row:
    """A sound hour: a quarter coal, the rest gas and hydro."""
    row = dict.fromkeys(GRID_COLUMNS, "") | {"region": "CN-GRID-EAST", "hour_start": hour_start}
    return _changed(row | {"coal_mwh": "25", "gas_mwh": "25", "hydro_mwh": "50"}, told)


def grid_rows(count: int, day: str = "2026-03-10", **told: str) -> list[Row]:
    """The first hours of a UTC day."""
    return [grid_row(f"{day}T{hour:02d}:00:00Z", **told) for hour in range(count)]


def csv_text(columns: Iterable[str], rows: Iterable[Row]) -> str:
    """Rows as CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def session_csv(path: Path, *rows: Row) -> str:
    """Write sessions in the format of session_csv and return the path."""
    path.write_text(csv_text(SESSION_COLUMNS, rows), encoding="utf-8")
    return str(path)


def grid_csv(path: Path, *rows: Row) -> str:
    """Write hours in the format of grid_mix_csv and return the path."""
    path.write_text(csv_text(GRID_COLUMNS, rows), encoding="utf-8")
    return str(path)


def _changed(row: Row, told: dict[str, str]) -> Row:
    if unknown := set(told) - set(row):
        raise KeyError(f"no such column: {unknown}")
    return row | told
