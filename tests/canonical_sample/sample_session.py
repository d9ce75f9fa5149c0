"""The sessions of the small synthetic sample in the canonical columns: invented sound sessions, and how one is written as a row.

Every figure comes from a formula and a hash. None is a measurement; no real operator or driver is described.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from chargeledger.sample_grid import REGIONS, SHANGHAI, decimal_text, draw

OPERATORS = ("SYNTHETIC-A", "SYNTHETIC-B", "SYNTHETIC-C", "SYNTHETIC-D")
DAYS = (date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11))  # local days in which sessions end
LAST_SESSION_ENDED_AT = "2026-03-11T15:58:30+00:00"
SESSION_COLUMNS = (
    "operator", "order_number", "revised_at", "account", "station_id", "region", "power_type",
    "metering_point", "rated_kw", "started_at", "ended_at", "energy_kwh",
)  # fmt: skip

ACCOUNTS = 600
ORDINARY_ACCOUNTS = 536  # the accounts after these are those of the defects and of the edge cases
REGION_TICKETS = (0, 0, 0, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6)  # how often a region is drawn
PUBLIC_HOURS = (8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 17, 18, 18, 18, 19, 19, 19, 20, 20)  # evening peak
ENERGY_DECIMALS = {"SYNTHETIC-A": 3, "SYNTHETIC-B": 2, "SYNTHETIC-C": 1, "SYNTHETIC-D": 3}
TELLS_REVISION = "SYNTHETIC-D"  # this operator dates every row; the others only what they send again
TELLS_UTC = "SYNTHETIC-D"  # and this one writes its instants with offset +00:00
MINUTE, HOUR = 60, 3600


class Station(NamedTuple):
    """A synthetic charging station."""

    station_id: str
    region: str
    power_type: str
    metering_point: str
    power_kw: int
    tells_rated: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One row of a session file before it is written; `fate` is what must become of it."""

    operator: str
    account: str
    station: Station
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    order_number: str = ""
    revised_at: datetime | None = None
    defect: str = ""
    fate: str = "accepted"
    as_told: tuple[tuple[str, str], ...] = ()  # columns whose text is not what the other fields say


def ordinary_sessions() -> Iterable[Session]:
    """Up to one night and one day session for every account and day; those of an account never overlap."""
    for number in range(1, ORDINARY_ACCOUNTS + 1):
        for day in DAYS:
            if draw(100, "night", number, day) < 60:
                yield _night_session(number, day)
            if draw(100, "day", number, day) < 84:
                yield day_session(number, day)


def _night_session(number: int, day: date) -> Session:
    """At home from late evening until morning, or a fast charge across midnight; it ends on `day`."""
    key = ("night", number, day)
    evening = _midnight(day) - timedelta(hours=2)
    if draw(100, *key, "fast") < 15:
        start_s = 80 * MINUTE + draw(40 * MINUTE, *key, "start")
        length_s = 40 * MINUTE + draw(25 * MINUTE, *key, "length")
        return _session(number, _roaming(*key), "DC", evening, start_s, length_s)
    start_s = draw(3 * HOUR, *key, "start")
    length_s = 3 * HOUR + draw(4 * HOUR, *key, "length")
    home = OPERATORS[draw(len(OPERATORS), "home", number)]
    return _session(number, home, "AC", evening, start_s, length_s)


def day_session(number: int, day: date, operator: str | None = None) -> Session:
    """A public fast charge, most often in the evening, or hours at a destination; it is over before 22:00."""
    key = ("day", number, day)
    if operator is None and draw(100, *key, "slow") < 25:
        start_s = 8 * HOUR + draw(9 * HOUR, *key, "start")
        length_s = 90 * MINUTE + draw(3 * HOUR, *key, "length")
        return _session(number, _roaming(*key), "AC", _midnight(day), start_s, length_s)
    start_s = PUBLIC_HOURS[draw(len(PUBLIC_HOURS), *key, "hour")] * HOUR + draw(HOUR, *key, "start")
    length_s = 18 * MINUTE + draw(37 * MINUTE, *key, "length")
    return _session(number, operator or _roaming(*key), "DC", _midnight(day), start_s, length_s)


def edge_sessions() -> Iterable[Session]:
    """For each operator one that ends at midnight sharp (the new day's); and the last of the sample."""
    for index, operator in enumerate(OPERATORS):
        evening = _midnight(DAYS[1]) - timedelta(hours=2)
        yield _session(ACCOUNTS - index, operator, "DC", evening, 75 * MINUTE, 45 * MINUTE)
    length_s = 47 * MINUTE
    start = datetime.fromisoformat(LAST_SESSION_ENDED_AT).astimezone(SHANGHAI) - timedelta(seconds=length_s)
    yield _session(ACCOUNTS - len(OPERATORS), OPERATORS[0], "DC", start, 0, length_s)


def _session(number: int, operator: str, power_type: str, base: datetime, start_s: int, length_s: int) -> Session:
    """A sound session that starts `start_s` after `base`, with the energy that its length allows."""
    region = REGIONS[REGION_TICKETS[draw(len(REGION_TICKETS), "region", number)]]
    station = _station(operator, region, power_type, number)
    started_at = base + timedelta(seconds=start_s)
    ended_at = started_at + timedelta(seconds=length_s)
    least, spread = (800, 186) if power_type == "AC" else (450, 301)  # mean power, per mille of the station's
    power_w = station.power_kw * (least + draw(spread, number, operator, started_at))
    energy_wh = power_w * length_s // HOUR
    energy_wh -= energy_wh % 10 ** (3 - ENERGY_DECIMALS[operator])
    return Session(operator, f"synthetic-user-{number:04d}", station, started_at, ended_at, energy_wh)


def _station(operator: str, region: str, power_type: str, number: int) -> Station:
    """The station of that operator, region and kind that this account uses."""
    place = draw(40 if power_type == "AC" else 12, "station", operator, region, number)
    station_id = f"SYNTHETIC-{operator[-1]}-{region.removeprefix('CN-GRID-')}-{power_type}{place:02d}"
    tells_rated = draw(8, station_id, "rated") > 0
    if power_type == "AC":
        return Station(station_id, region, "AC", "ac_input", 7, tells_rated)
    metering_point = ("dc_output", "dc_output", "ac_input", "unknown")[draw(4, station_id, "meter")]
    power_kw = (60, 80, 90, 120)[draw(4, station_id, "power")]
    return Station(station_id, region, "DC", metering_point, power_kw, tells_rated)


def _roaming(*key: object) -> str:
    return OPERATORS[draw(len(OPERATORS), "operator", *key)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def instant_text(session: Session, instant: datetime) -> str:
    """The instant with the offset that this operator writes."""
    return instant.astimezone(UTC if session.operator == TELLS_UTC else SHANGHAI).isoformat()


def line_text(session: Session) -> str:
    """The row of a session file, in the order of SESSION_COLUMNS."""
    station = session.station
    told = {
        "operator": session.operator,
        "order_number": session.order_number,
        "revised_at": instant_text(session, session.revised_at) if session.revised_at else "",
        "account": session.account,
        "station_id": station.station_id,
        "region": station.region,
        "power_type": station.power_type,
        "metering_point": station.metering_point,
        "rated_kw": str(station.power_kw) if station.tells_rated else "",
        "started_at": instant_text(session, session.started_at),
        "ended_at": instant_text(session, session.ended_at),
        "energy_kwh": decimal_text(session.energy_wh, ENERGY_DECIMALS[session.operator]),
    } | dict(session.as_told)
    return ",".join(told[column] for column in SESSION_COLUMNS)
