"""What a version of a methodology is given, as plain data: sessions with metered intervals, mixes, green supply, a clock.

Instants are aware and cut to whole seconds; windows and hours are half-open, hours are those of UTC. A day or a month of
an instant is that of the programme's zone, and 00:00:00 belongs to the new day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.annual import Amounts

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
PROGRAMME_ZONE = ZoneInfo("Asia/Shanghai")
FIRST_VINTAGE = date(2026, 1, 1)  # of 1.3.0, 2.0.0 and 3.0.0

Results = Mapping[str, Amounts | None]  # by session; None is a session that waits


@dataclass(frozen=True)
class Interval:
    """A metered part of a session. It is told with its number, counted from 1 in order of time."""

    started_at: datetime
    ended_at: datetime
    reading_wh: int


@dataclass(frozen=True)
class Session:
    """An accepted session that competes; without intervals it is known by its total alone. No user is no owner."""

    session_id: str
    started_at: datetime
    ended_at: datetime
    reading_wh: int
    power_type: str = "AC"
    metering_point: str = "ac_input"
    intervals: tuple[Interval, ...] = ()
    region: str = "CN-GRID-NORTH"
    county_code: str | None = None
    station_id: str | None = None
    operator_id: str | None = None
    programme: str = "cn_green_energy"
    user_id: str | None = None
    rated_w: int | None = None


@dataclass(frozen=True)
class MixHour:
    """Generation of a region in an hour by source, in any one unit; below zero where a source takes in."""

    generation: Mapping[str, int | Fraction]
    is_estimated: bool = False


@dataclass(frozen=True)
class SupplyHour:
    """Green supply of an hour that is there to be matched. What charges in the hour is told of batteries alone."""

    supply_id: str
    supply_kind: str
    scope_kind: str
    scope_id: str
    region: str
    hour_start: datetime
    available_wh: int
    station_id: str | None = None
    charged_wh: int = 0
    charged_from_pv_wh: int = 0
    round_trip_per_mille: int | None = None


@dataclass(frozen=True)
class Given:
    """All that a run is given. The mix is by region and start of the hour."""

    sessions: tuple[Session, ...]
    mix: Mapping[tuple[str, datetime], MixHour]
    supply: tuple[SupplyHour, ...]
    clock: datetime


def utc(instant: datetime) -> datetime:
    """The same instant on the clock of UTC, cut to the whole second."""
    return instant.astimezone(UTC).replace(microsecond=0)


def hour_of(instant: datetime) -> datetime:
    """Start of the UTC hour in which an instant lies."""
    return utc(instant).replace(minute=0, second=0)


def local_day(instant: datetime) -> date:
    """Day of an instant in the zone of the programme; of a session's end it is the vintage."""
    return utc(instant).astimezone(PROGRAMME_ZONE).date()


def metered(session: Session) -> tuple[Interval, ...]:
    """The intervals in order of time; none may lie outside or overlap another, and they sum to the reading."""
    told = tuple(sorted(session.intervals, key=lambda interval: interval.started_at))
    edges = [
        session.started_at,
        *(edge for each in told for edge in (each.started_at, each.ended_at)),
        session.ended_at,
    ]
    short = any(each.started_at >= each.ended_at for each in told)
    if told and (short or edges != sorted(edges) or sum(each.reading_wh for each in told) != session.reading_wh):
        raise ValueError(f"{session.session_id}: its intervals are not sound")
    return told


def metered_for_an_hour(told: Iterable[Mapping[str, Any]], hour: datetime) -> tuple[Session, ...]:
    """Sessions as a case of one hour tells them: each fills the hour, with one metered interval."""
    window = hour, hour + HOUR
    return tuple(
        Session(
            *(s["session"], *window, s["reading_wh"], s["power_type"], s["metering_point"]),
            intervals=(Interval(*window, s["reading_wh"]),),
        )
        for s in told
    )


def reward_row(session: Session, amounts: Amounts, landed_days_after_end: int = 0) -> dict[str, Any]:
    """An assessed session as `reward.expected` takes it."""
    return {
        "lineage": session.session_id,
        "ended_at": utc(session.ended_at).isoformat(),
        "energy_wh": amounts.energy_wh,
        "charging_seconds": (utc(session.ended_at) - utc(session.started_at)) // SECOND,
        "rated_w": session.rated_w,
        "reading_wh": session.reading_wh,
        "landed_days_after_end": landed_days_after_end,
        "emission_reductions_ng": amounts.emission_reductions_ng,
        "account": session.user_id,
        "vintage": local_day(session.ended_at),
    }
