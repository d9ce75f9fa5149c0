"""What is given, changed in a known way: pure changes of generated sessions, mixes, supply and clock."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from tests.oracle.given import HOUR, Given, Interval, MixHour, Session, hour_of, local_day, metered, utc

SCALE, SHIFT = 7, timedelta(days=59)
FLAT = MixHour({"coal": 1, "hydro": 2})
STRANGER = "STRANGER"
ZONES = [timezone(timedelta(minutes=minutes)) for minutes in (480, 345, 0, -210, 765, -720)]


def each_session(given: Given, change: Callable[[Session], Session]) -> Given:
    return replace(given, sessions=tuple(change(session) for session in given.sessions))


def each_instant(session: Session, change: Callable[[datetime], datetime]) -> Session:
    moved = tuple(Interval(change(i.started_at), change(i.ended_at), i.reading_wh) for i in session.intervals)
    return replace(session, started_at=change(session.started_at), ended_at=change(session.ended_at), intervals=moved)


def split_edge(session: Session) -> datetime | None:
    """The first hour edge with intervals on both sides and none across it, of the session's own vintage."""
    told = metered(session)
    for earlier, later in pairwise(told):
        edge = hour_of(later.started_at)
        if utc(earlier.ended_at) <= edge and local_day(edge) == local_day(session.ended_at):
            return edge
    return None


def parts(session: Session) -> tuple[Session, ...]:
    """A session cut in two at its edge, or left whole."""
    edge = split_edge(session)
    if edge is None:
        return (session,)
    cut = [[i for i in session.intervals if (i.started_at < edge) is is_early] for is_early in (True, False)]
    windows = [(session.started_at, edge), (edge, session.ended_at)]
    return tuple(
        replace(
            session,
            session_id=f"{session.session_id}/{number}",
            started_at=window[0],
            ended_at=window[1],
            reading_wh=sum(i.reading_wh for i in own),
            intervals=tuple(own),
        )
        for number, (window, own) in enumerate(zip(windows, cut, strict=True), 1)
    )


def split_sessions(given: Given) -> Given:
    return replace(given, sessions=tuple(part for session in given.sessions for part in parts(session)))


def scaled(given: Given) -> Given:
    def scale(session: Session) -> Session:
        told = tuple(replace(i, reading_wh=i.reading_wh * SCALE) for i in session.intervals)
        return replace(session, reading_wh=session.reading_wh * SCALE, intervals=told)

    return each_session(given, scale)


def dirtier(given: Given) -> Given:
    """Coal added to every third hour that has any generation; no hour becomes known or unknown."""
    keys = sorted(key for key, told in given.mix.items() if any(amount > 0 for amount in told.generation.values()))
    more = {key: dict(given.mix[key].generation) for key in keys[::3]}
    for generation in more.values():
        generation["coal"] = max(0, generation.get("coal", 0)) + sum(max(0, amount) for amount in generation.values())
    changed = {key: replace(given.mix[key], generation=generation) for key, generation in more.items()}
    return replace(given, mix={**given.mix, **changed})


def totals_only(given: Given) -> Given:
    return each_session(given, lambda session: replace(session, intervals=()))


def new_id(old: str) -> str:
    """Another id, in another order."""
    return hashlib.sha256(old.encode()).hexdigest()[:16].upper()


def renamed(given: Given) -> Given:
    """Sessions, users, stations and operators under other ids; a supply keeps its own, for it decides the order of pools."""

    def other(name: str | None) -> str | None:
        return None if name is None else new_id(name)

    def rename(session: Session) -> Session:
        ids: dict[str, Any] = {name: other(getattr(session, name)) for name in ("user_id", "station_id", "operator_id")}
        return replace(session, session_id=new_id(session.session_id), **ids)

    supply = tuple(
        replace(
            s,
            station_id=other(s.station_id),
            scope_id=s.scope_id if s.scope_kind == "programme" else new_id(s.scope_id),
        )
        for s in given.supply
    )
    return replace(each_session(given, rename), supply=supply)


def shifted(given: Given) -> Given:
    """Everything, the clock too, moved by whole days."""
    moved = each_session(given, lambda session: each_instant(session, lambda instant: instant + SHIFT))
    mix = {(region, hour + SHIFT): told for (region, hour), told in given.mix.items()}
    supply = tuple(replace(each, hour_start=each.hour_start + SHIFT) for each in given.supply)
    return Given(moved.sessions, mix, supply, given.clock + SHIFT)


def touched_hours(session: Session) -> Iterator[datetime]:
    hour = hour_of(session.started_at)
    while hour < utc(session.ended_at):
        yield hour
        hour += HOUR


def flat(given: Given) -> Given:
    """The same measured mix, a third of it coal, in every hour that a session touches."""
    return replace(given, mix={(s.region, hour): FLAT for s in given.sessions for hour in touched_hours(s)})


def with_stranger(given: Given) -> Given:
    """A second of every fifth session, of another user, and at a station, operator and programme without any supply."""
    ids: dict[str, Any] = {"user_id": STRANGER, "station_id": STRANGER, "operator_id": STRANGER, "programme": STRANGER}
    more = tuple(replace(s, session_id=f"{STRANGER}:{s.session_id}", **ids) for s in given.sessions[::5])
    return replace(given, sessions=given.sessions + more)


def told_elsewhere(given: Given) -> Given:
    """Every instant of a session on the clock of another zone, some of them half and quarter hours off."""

    def elsewhere(instant: datetime) -> datetime:
        return instant.astimezone(ZONES[instant.second % len(ZONES)])

    return each_session(given, lambda session: each_instant(session, elsewhere))


def texts(instant: datetime) -> list[str]:
    """ISO 8601 texts of one instant, each as a file may tell it."""
    plain = utc(instant).replace(tzinfo=None).isoformat()
    zoned = [utc(instant).astimezone(zone).isoformat() for zone in ZONES]
    return [f"{plain}Z", f"{plain}.000Z", f"{plain}.999999+00:00", f"{plain}-00:00", *zoned]


def shuffled(given: Given) -> Given:
    """Sessions, mixes and supply told in another order."""
    sessions = sorted(given.sessions, key=lambda session: new_id(session.session_id))
    supply = sorted(given.supply, key=lambda each: new_id(f"{each.supply_id}{each.hour_start}"))
    return Given(tuple(sessions), dict(reversed(given.mix.items())), tuple(supply), given.clock)
