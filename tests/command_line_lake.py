"""A lake with five sessions whose numbers were worked out by hand, and the command line as a person calls it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

from chargeledger import flow

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports modules that Python 3.11 calls deprecated
    import great_expectations  # noqa: F401

KEY = "5a" * 32
AT = "2026-03-13T16:00:00Z"
HEADER = (
    "operator,order_number,revised_at,account,station_id,region,power_type,metering_point,rated_kw,"
    "started_at,ended_at,energy_kwh"
)
SESSIONS = [
    "PAPER,1,,driver-1,S1,CN-GRID-EAST,AC,ac_input,,2026-03-09T18:00:00+08:00,2026-03-09T22:00:00+08:00,30",
    "PAPER,2,,driver-1,S2,CN-GRID-EAST,DC,dc_output,120,2026-03-10T09:00:00+08:00,2026-03-10T09:30:00+08:00,30.0009",
    "PAPER,3,,driver-2,S3,CN-GRID-SW,DC,unknown,,2026-03-10T09:00:00+08:00,2026-03-10T09:30:00+08:00,0.541",
    "PAPER,4,,driver-3,S4,US-CAL-CISO,DC,dc_output,,2026-03-09T20:40:00Z,2026-03-09T22:10:00Z,27.001",
    "PAPER,5,,driver-3,S4,US-CAL-CISO,AC,ac_input,,2026-03-09T22:40:00Z,2026-03-09T23:10:00Z,5",
]
MIX_SOURCES = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
MIX_HEADER = ",".join(["region", "hour_start", *(f"{source}_mwh" for source in MIX_SOURCES)])
MIX = [
    "US-CAL-CISO,2026-03-09T20:00:00Z,10,6000,90,2250,2000,1650,9000,,,",
    "US-CAL-CISO,2026-03-09T21:00:00Z,10,6600,90,2250,2100,1950,8000,,,",
    "US-CAL-CISO,2026-03-09T22:00:00Z,10,7000,90,2250,2300,2350,7000,,,100",
]


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def chargeledger(*arguments: str) -> Done:
    """Run one command in a process of its own."""
    command = [sys.executable, "-m", "chargeledger.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return Done(done.returncode, done.stdout, done.stderr)


def write(path: Path, lines: list[str]) -> str:
    """A file of these lines, as a path for the command line."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def make(folder: Path) -> str:
    """The lake, accounted and published."""
    sessions = write(folder / "sessions.csv", [HEADER, *SESSIONS])
    grid = write(folder / "mix.csv", [MIX_HEADER, *MIX])
    flow.run([("session_csv", sessions)], [("grid_mix_csv", grid)], str(folder / "lake"), at=AT)
    return str(folder / "lake")
