"""Sessions, mixes and green supply from a seed, full of edges: what a version is run on beside its oracle.

All sessions end on nine local days that hold the edges of hours, days, months and the year, and of both deadlines at the
clock: hours that end at 2026-03-01T00:00Z are 45 days old, those that end at 2026-04-12T00:00Z have just been closed.
CN-GRID-SW tells nothing after February: on 10 March older hours stand in for all of its hours, later sessions wait.
The same seed gives the same data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from tests.oracle.given import HOUR, PROGRAMME_ZONE, SECOND, Given, Interval, MixHour, Session, SupplyHour, hour_of

CLOCK = datetime(2026, 4, 15, tzinfo=UTC)
DAYS = [
    date(2026, month, day)
    for month, day in ((1, 1), (1, 31), (2, 1), (2, 28), (3, 1), (3, 10), (3, 31), (4, 1), (4, 12))
]
DAY, MINUTE, PWH_PER_MWH = 24 * HOUR, timedelta(minutes=1), 10**18
SOURCES = ("coal", "gas", "oil", "unknown", "other", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal")
FOSSIL = ("coal", "gas", "oil", "unknown", "other")
COUNTIES = {
    "CN-GRID-NORTH": ("110105", "120101", "150121", "370203"),
    "CN-GRID-NE": ("210102", "150402", "230103"),
    "CN-GRID-EAST": ("310115", "330106"),
    "CN-GRID-CENTRAL": ("410105", "430104"),
    "CN-GRID-NW": ("610113", "650102"),
    "CN-GRID-SOUTH": ("440304", "530102"),
    "CN-GRID-SW": ("510107", "540102", "500103"),
}
METERS = [("AC", "ac_input")] * 2 + [("DC", "dc_output")] * 2 + [("DC", "ac_input"), ("DC", "unknown")]
READINGS_WH = (0, 1, 2, 3, 499, 500, 923, 200_000, 200_001)
LENGTHS = (SECOND, MINUTE, HOUR - SECOND, HOUR, HOUR + SECOND, 90 * MINUTE, 2 * HOUR, 30 * HOUR)
STEPS = (MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, HOUR + SECOND, 90 * MINUTE)


@dataclass(frozen=True)
class Station:
    """One station of an operator; its stations lie in several regions, and all of it is metered in one way."""

    station_id: str
    operator_id: str
    region: str
    county_code: str | None
    power_type: str
    metering_point: str


def given(seed: int, count: int = 2_000) -> Given:
    """`count` sessions with all that they need, of one seed."""
    random = Random(seed)
    stations = [station(random, number) for number in range(42)]
    sessions = tuple(session(random, number, random.choice(stations)) for number in range(count))
    return Given(sessions, dict(mixes(random)), tuple(supplies(random, stations)), CLOCK)


def station(random: Random, number: int) -> Station:
    region = list(COUNTIES)[number % len(COUNTIES)]
    county = None if number % 13 == 5 else random.choice(COUNTIES[region])
    return Station(f"S{number:03}", f"OP-{number % 5}", region, county, *random.choice(METERS))


def session(random: Random, number: int, place: Station) -> Session:
    """One session; ends and lengths fall on edges more often than not, and a second beside them."""
    start_of_day = datetime.combine(random.choice(DAYS), time(), PROGRAMME_ZONE).astimezone(UTC)
    on_the_hour = random.randrange(24) * HOUR + random.choice((-1, 0, 1)) * SECOND
    passed = random.choice((timedelta(), on_the_hour, random.randrange(86_400) * SECOND))
    ended_at = start_of_day + max(timedelta(), passed)
    length = random.choice(LENGTHS) if random.random() < 0.4 else random.randrange(1, 6 * 3_600) * SECOND
    started_at = ended_at - length
    reading_wh = random.choice(READINGS_WH) if random.random() < 0.2 else random.randrange(1, 90_000)
    return Session(
        f"OPERATOR:{number:07}",
        started_at,
        ended_at,
        reading_wh,
        place.power_type,
        place.metering_point,
        () if random.random() < 0.3 else intervals(random, started_at, ended_at, reading_wh),
        place.region,
        place.county_code,
        place.station_id,
        place.operator_id,
        "cn_south" if place.region == "CN-GRID-SOUTH" else "cn_green_energy",
        None if random.random() < 0.1 else f"user-{random.randrange(500):03}",
        random.choice((None, 7_000, 120_000)),
    )


def intervals(random: Random, started_at: datetime, ended_at: datetime, reading_wh: int) -> tuple[Interval, ...]:
    """Metered intervals of one step or of mixed ones, on the clock's edges or from the start on, with gaps and 0 Wh."""
    steps = STEPS if random.random() < 0.3 else (random.choice(STEPS),)
    align, gap_share = random.random() < 0.5, random.choice((0, 0, 0.2))
    edges, at = [], started_at
    while at < ended_at:
        step = random.choice(steps)
        until = at + step
        if align and step <= HOUR:
            until = hour_of(at) + ((at - hour_of(at)) // step + 1) * step
        edges.append((at, min(until, ended_at)))
        at = until
    kept = [edge for edge in edges if random.random() >= gap_share] or edges
    cuts = sorted(random.randrange(reading_wh + 1) for _ in kept[1:])
    parts = zip([0, *cuts], [*cuts, reading_wh], strict=True)
    return tuple(Interval(*edge, high - low) for edge, (low, high) in zip(kept, parts, strict=True))


def mixes(random: Random) -> Iterator[tuple[tuple[str, datetime], MixHour]]:
    """Mixes of the days and of the day before each; one hour in twenty is missing, some are estimates."""
    days = sorted({day - back * timedelta(days=1) for day in DAYS for back in (0, 1)})
    for region in COUNTIES:
        for day in days:
            start = datetime.combine(day, time(), PROGRAMME_ZONE).astimezone(UTC)
            for hour in (start + number * HOUR for number in range(25)):
                if random.random() >= 0.05 and (region != "CN-GRID-SW" or day.month < 3):
                    yield (region, hour), MixHour(generation(random), random.random() < 0.1)


def generation(random: Random) -> dict[str, int]:
    """Generation by source in pWh: all fossil, none of it, with sources below zero, dead, or what falls out."""
    told = {source: random.randrange(10**7) * PWH_PER_MWH // 1_000 for source in SOURCES if random.random() < 0.8}
    kind = random.random()
    if kind < 0.03:
        return {"coal": random.randrange(1, 10**6) * PWH_PER_MWH, "gas": 1}
    if kind < 0.06:
        return {source: amount for source, amount in told.items() if source not in FOSSIL} | {"hydro": 1}
    if kind < 0.08:
        return {"solar": 0, "wind": -3 * PWH_PER_MWH}
    if kind < 0.2:
        return told | {random.choice(SOURCES): -random.randrange(10**24), "hydro": random.randrange(1, 10**24)}
    return told | {"hydro": random.randrange(1, 10**24)}


def supplies(random: Random, stations: list[Station]) -> Iterator[SupplyHour]:
    """PV, batteries and contracts of every scope, too little, enough and nothing; ids whose byte order is no dictionary's."""
    pools = [("pv", "station", f"pv-{each.station_id}", each) for each in stations[::2]]
    pools += [("battery", "station", f"battery-{each.station_id}", each) for each in stations[::3]]
    pools += [("pv", "operator", "Ä-roof", stations[0]), ("pv", "operator", "a-roof", stations[0])]
    pools += [("battery", "operator", "big", stations[1]), ("battery", "programme", "b", stations[2])]
    pools += [("contract", "station", "a", stations[3]), ("contract", "station", "B", stations[3])]
    pools += [("contract", "operator", f"wind-{n}", each) for n, each in enumerate(stations[:12])]
    pools += [("contract", "programme", f"é-{each.region}", each) for each in stations[:7]]
    starts = sorted({datetime.combine(day, time(), PROGRAMME_ZONE).astimezone(UTC) for day in DAYS})
    for kind, scope_kind, supply_id, place in pools:
        scope = {"station": place.station_id, "operator": place.operator_id}
        scope["programme"] = "cn_south" if place.region == "CN-GRID-SOUTH" else "cn_green_energy"
        fixed = (supply_id, kind, scope_kind, scope[scope_kind], place.region)
        round_trip = random.choice((850, 900, 913))
        for start in starts:
            charges = random.choice(("nothing", "sun", "grid", "both"))
            for hour in (start + number * HOUR for number in range(24) if random.random() < 0.9):
                wh = random.choice((0, 1, random.randrange(3_000), random.randrange(60_000), 10**9))
                taken = random.randrange(1, 9_000) if kind == "battery" and charges != "nothing" else 0
                sun = {"sun": taken, "both": random.randrange(taken + 1)}.get(charges, 0)
                at = None if scope_kind != "station" else place.station_id
                yield SupplyHour(*fixed, hour, wh, at, taken, sun, round_trip if kind == "battery" else None)
