"""Hours at the very edges of what stands in for a missing one, and sessions that touch them: too rare to be generated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.oracle import generated
from tests.oracle.given import HOUR, Given, Interval, MixHour, Session

# peat is a source that no version lists
DIRTY, CLEAN, HALF = (MixHour({"peat": a, "hydro": b}) for a, b in ((1, 0), (0, 1), (1, 1)))
MISSING = datetime(2026, 4, 10, 3, tzinfo=UTC)
DUE = generated.CLOCK - timedelta(days=45) - HOUR
WINDOW = 672 * HOUR
TAIPEI = "710100"  # of no grid that the official table could have: under 1.3.0 these sessions wait
# By region: the hour that a session fills, and what is told of other hours.
HOURS = {
    "CN-EDGE-LAST": (MISSING, {MISSING - WINDOW: DIRTY, MISSING - HOUR: CLEAN}),
    "CN-EDGE-BEYOND": (MISSING, {MISSING - WINDOW - HOUR: DIRTY, MISSING - HOUR: HALF}),
    "CN-EDGE-LATER": (MISSING, {MISSING + HOUR: DIRTY, MISSING - HOUR: CLEAN}),
    "CN-EDGE-DUE": (DUE, {DUE - HOUR: CLEAN}),
    "CN-EDGE-OPEN": (DUE + HOUR, {DUE - HOUR: CLEAN}),
    "CN-EDGE-CLOSED": (DUE, {DUE: replace(HALF, is_estimated=True)}),
    "CN-EDGE-GUESS": (DUE + HOUR, {DUE + HOUR: replace(HALF, is_estimated=True)}),
}


def with_edges(given: Given) -> Given:
    """The same with a session in each of these hours, and before and after it, so that more hours are in reach."""
    more, mix = [], dict(given.mix)
    for region, (hour, told) in HOURS.items():
        for number, start in enumerate((hour - 3 * HOUR, hour, hour + 2 * HOUR)):
            part = Interval(start, start + HOUR, 1_000)
            name = f"{region}/{number}"
            place = {"region": region, "operator_id": "EDGE", "county_code": TAIPEI}
            more.append(Session(name, start, part.ended_at, 1_000, intervals=(part,), user_id=name, **place))
        mix |= {(region, start): each for start, each in told.items()} | {
            (region, hour + by * HOUR): CLEAN for by in (-3, 2)
        }
    # of two hours the first is not told, and nothing before it: the session waits
    parts = tuple(Interval(start, start + HOUR, 500) for start in (MISSING, MISSING + HOUR))
    ends = (MISSING, MISSING + 2 * HOUR)
    more.append(Session("FIRST", *ends, 1_000, intervals=parts, region="CN-EDGE-FIRST", operator_id="EDGE"))
    mix["CN-EDGE-FIRST", MISSING + HOUR] = DIRTY
    return replace(given, sessions=(*given.sessions, *more), mix=mix)
