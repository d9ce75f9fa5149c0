"""The run that everybody can repeat: the real California files, through the command line, twice."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.flow.command_line import Done, chargeledger
from tests.flow.lake_bytes import tree

PROGRAMME = "us_california"
AT = "2026-01-01T00:00:00Z"


class CaliforniaRun(NamedTuple):
    """The real files, how two runs of the same command ended, and every file of the lake after each, by digest."""

    sessions: Path
    grid: Path
    lake: Path
    first: Done
    second: Done
    after_first: dict[str, str]
    after_second: dict[str, str]


def run_twice(shared: Path, lake: Path) -> CaliforniaRun:
    sessions = shared / "data" / "sessions" / "california_jpl" / "california_ev_sessions.csv"
    grid = shared / "data" / "grid" / "ciso_hourly_mix" / "CISO_direct_emissions.csv"
    files = ["--sessions", f"acn_csv={sessions}", "--grid", f"ciso_mix_csv={grid}"]
    call = ["run", "--lake", str(lake), "--programme", PROGRAMME, *files, "--at", AT]
    first, after_first = chargeledger(*call), tree(lake)
    second, after_second = chargeledger(*call), tree(lake)
    return CaliforniaRun(sessions, grid, lake, first, second, after_first, after_second)
