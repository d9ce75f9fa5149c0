"""A small sample in the canonical columns: SYNTHETIC charging sessions and grid mix, the same bytes on every machine.

Nothing in it was measured: operators, accounts, stations and amounts are invented. Integers and hashes only:
no random generator, no clock. It carries a few declared defects, each with the fate that it must meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from chargeledger.sample_grid import grid_defects, write_grid
from tests.canonical_sample.sample_session import (
    DAYS,
    LAST_SESSION_ENDED_AT,
    OPERATORS,
    ORDINARY_ACCOUNTS,
    SESSION_COLUMNS,
    TELLS_REVISION,
    Session,
    day_session,
    edge_sessions,
    instant_text,
    line_text,
    ordinary_sessions,
)

SAMPLE_AT = "2026-03-13T15:58:30+00:00"  # two days after the last session ended


class Defect(NamedTuple):
    """A declared defect: what its rows meet, how many do, and how it is made from a sound session."""

    fate: str
    rows: int  # the last so many rows of `make` meet the fate, those before are accepted
    make: Callable[[Session], list[Session]]


def _swap_times(s: Session) -> list[Session]:
    return [replace(s, started_at=s.ended_at, ended_at=s.started_at)]


def _drop_offset(s: Session) -> list[Session]:
    return [replace(s, as_told=(("ended_at", instant_text(s, s.ended_at)[: -len("+08:00")]),))]


def _conflict(s: Session) -> list[Session]:
    undated = replace(s, revised_at=None)
    return [undated, replace(undated, energy_wh=s.energy_wh + 1000)]


def _revise(s: Session) -> list[Session]:
    """The later revision comes first in the file, so that file order is no substitute for revision time."""
    first, second = s.ended_at + timedelta(minutes=10), s.ended_at + timedelta(minutes=40)
    return [replace(s, revised_at=second, energy_wh=s.energy_wh + 1000), replace(s, revised_at=first)]


def _exceed(s: Session, hours: int, energy_wh: int) -> list[Session]:
    """A session of that length and energy at a station whose rated power is not told."""
    station = s.station._replace(metering_point="dc_output", tells_rated=False)
    return [replace(s, station=station, started_at=s.ended_at - timedelta(hours=hours), energy_wh=energy_wh)]


def _overpower(s: Session) -> list[Session]:
    """A quarter more than the rated power over the whole time."""
    station = s.station._replace(metering_point="dc_output", tells_rated=True)
    energy_wh = (s.ended_at - s.started_at) // timedelta(seconds=1) * station.power_kw * 1250 // 3600
    return [replace(s, station=station, energy_wh=energy_wh - energy_wh % 100)]


# The first eight are decided when a file lands. The last five are sound rows: accepted there, judged later.
DEFECTS: dict[str, Defect] = {
    "negative_energy": Defect("quarantined", 1, lambda s: [replace(s, energy_wh=-s.energy_wh)]),
    "end_before_start": Defect("quarantined", 1, _swap_times),
    "unknown_region": Defect("quarantined", 1, lambda s: [replace(s, as_told=(("region", "CN-GRID-MOON"),))]),
    "unreadable_energy": Defect("quarantined", 1, lambda s: [replace(s, as_told=(("energy_kwh", "n/a"),))]),
    "instant_without_offset": Defect("quarantined", 1, _drop_offset),
    "conflicting_order": Defect("quarantined", 2, _conflict),
    "exact_duplicate": Defect("duplicate", 1, lambda s: [s, s]),
    "revised_order": Defect("superseded", 1, _revise),
    "no_account": Defect("awaiting owner", 1, lambda s: [replace(s, account="")]),
    "below_500_wh": Defect("not awarded", 1, lambda s: [replace(s, energy_wh=400)]),
    "above_200_kwh": Defect("not awarded", 1, lambda s: _exceed(s, 4, 231_000)),
    "longer_than_48_h": Defect("not awarded", 1, lambda s: _exceed(s, 50, 61_500)),
    "above_rated_power": Defect("not awarded", 1, _overpower),
}
LANDING_FATES = ("quarantined", "duplicate", "superseded")


def describe_sample() -> str:
    """One sentence for whoever sees results of the sample."""
    return (
        "This is SYNTHETIC data: four invented charging operators and an invented hourly generation mix of "
        "seven grid regions, three days in March 2026, nothing measured, with a few deliberate defects."
    )


def write_sample(out: Path | str) -> dict[str, Any]:
    """Write the sample into the folder `out` and say what it holds and what must become of each defect."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    files = _files()
    paths = [_write(folder.joinpath(name), sessions) for name, sessions in files.items()]
    grid_paths, grid_rows = write_grid(folder)
    return {
        "sessions": [str(path) for path in paths],
        "grid": [str(path) for path in grid_paths],
        "last_session_ended_at": LAST_SESSION_ENDED_AT,
        "at": SAMPLE_AT,
        "rows": {"sessions": sum(map(len, files.values())), "grid": grid_rows},
        "expected": _expected(files),
    }


def _files() -> dict[str, list[Session]]:
    """The rows of each session file: one per operator and local day of end, in the order of end."""
    sessions = sorted(
        (*ordinary_sessions(), *edge_sessions(), *_defect_sessions()),
        key=lambda s: (s.ended_at, s.account, s.operator),
    )
    files: dict[str, list[Session]] = {}
    for operator in OPERATORS:
        for day in DAYS:
            of_file = (s for s in sessions if s.operator == operator and s.ended_at.date() == day)
            numbered = (replace(s, order_number=f"{day:%Y%m%d}-{n:04d}") for n, s in enumerate(of_file, start=1))
            name = f"synthetic_sessions_{operator}_{day.isoformat()}.csv"
            files[name] = [row for session in numbered for row in _rows(session)]
    return files


def _rows(session: Session) -> list[Session]:
    """The session as its operator sends it: with its defect, if it has one."""
    if session.operator == TELLS_REVISION:
        session = replace(session, revised_at=session.ended_at + timedelta(minutes=5))
    if not session.defect:
        return [session]
    defect = DEFECTS[session.defect]
    rows = defect.make(session)
    sound = len(rows) - defect.rows
    return rows[:sound] + [replace(row, fate=defect.fate) for row in rows[sound:]]


def _defect_sessions() -> Iterable[Session]:
    """Each defect once for every operator, spread over the days, each with an account of its own."""
    number = ORDINARY_ACCOUNTS
    for index, operator in enumerate(OPERATORS):
        for place, name in enumerate(DEFECTS):
            number += 1
            day = DAYS[-1] if name == "longer_than_48_h" else DAYS[(index + place) % len(DAYS)]
            yield replace(day_session(number, day, operator), defect=name)


def _write(path: Path, sessions: list[Session]) -> Path:
    lines = (",".join(SESSION_COLUMNS), *map(line_text, sessions))
    path.write_bytes("".join(f"{text}\n" for text in lines).encode())
    return path


def _outcome(session: Session) -> str:
    """What becomes of the row when its file lands; the other fates are met later."""
    return session.fate if session.fate in LANDING_FATES else "accepted"


def _expected(files: dict[str, list[Session]]) -> dict[str, Any]:
    """Rows by outcome, in all and per file; accepted energy; rows, fate and sessions of each defect."""
    rows = [row for sessions in files.values() for row in sessions]
    return {
        "outcomes": _counts(rows),
        "files": {name: {"received": len(sessions), **_counts(sessions)} for name, sessions in files.items()},
        "accepted_wh": sum(row.energy_wh for row in rows if _outcome(row) == "accepted"),
        "defects": {name: _met(name, defect, rows) for name, defect in DEFECTS.items()},
        "grid": grid_defects(),
    }


def _counts(rows: list[Session]) -> dict[str, int]:
    found = Counter(map(_outcome, rows))
    return {outcome: found[outcome] for outcome in ("accepted", *LANDING_FATES)}


def _met(name: str, defect: Defect, rows: list[Session]) -> dict[str, Any]:
    """What a defect must show: its fate, the rows that meet it and the sessions they tell of."""
    ids = sorted({f"{row.operator}:{row.order_number}" for row in rows if row.defect == name})
    return {"fate": defect.fate, "rows": defect.rows * len(OPERATORS), "session_ids": ids}
