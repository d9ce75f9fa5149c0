"""An hour that nobody told, or that was estimated: points the same day, and one adjustment when it is known (2.0.0).

Paper: 10 kWh AC are worth 10 000 x (912 631 200 - EF) ng; EF = 8 273 000 ug/kWh x the fossil percent of the hour:
  40 %  330 920 000   5 817 points        60 %  496 380 000   4 162 points
  80 %  661 840 000   2 507 points       100 %  827 300 000     853 points
Each case has a region of its own in one lake, which is accounted on the evening of the charge and two days later. Both states are
held against tests/oracle/hourly.py too, and the last one against a fresh lake that is sent the same files and accounted once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.hourly_book import DAY, EVENING, HOUR, NOON, VINTAGE, HourlyBook, ac, deadline, mixed, use_version
from tests.oracle.generated import COUNTIES
from tests.oracle.given import MixHour

LATER = EVENING + 2 * DAY
FIRST, SETTLED = ("issuance", "first assessment"), ("adjustment", "settled grid data")
STILL_OPEN = ("adjustment", "other provisional grid data")
OPEN, SECOND_HOUR = deadline(NOON), deadline(NOON + HOUR)


@dataclass(frozen=True)
class Case:
    """Fossil percent by hours from the start on, negative ones estimates; points on both days, and until when they are open."""

    known: dict[int, int]
    arriving: dict[int, int]
    points: tuple[int | None, int]
    until: tuple[datetime | None, datetime | None]
    is_touched: bool = True
    hours: int = 1


WINDOW = {-673: 100, -672: 80, -2: 40, -1: 60, 1: 100}  # the hour before the 672, and the one after, do not count
CASES = {
    "the hour arrives, cleaner": Case(WINDOW, {0: 40}, (2507, 5817), (OPEN, None)),
    "the hour arrives, dirtier": Case({-2: 80}, {0: 100}, (2507, 853), (OPEN, None)),
    "the hour arrives as it was taken to be": Case({-2: 80}, {0: 80}, (2507, 2507), (OPEN, None)),
    "estimated, then measured": Case({-1: 80, 0: -60}, {0: 40}, (4162, 5817), (OPEN, None)),
    "estimated, then measured the same": Case({0: -60}, {0: 60}, (4162, 4162), (OPEN, None)),
    "missing, then estimated": Case({-1: 80}, {0: -60}, (2507, 4162), (OPEN, OPEN)),
    "nothing known, then the oldest hour": Case({-673: 80, 1: 80}, {-672: 60}, (None, 4162), (None, OPEN)),
    "a dirtier oldest hour": Case({-100: 80}, {-672: 100}, (2507, 853), (OPEN, OPEN)),
    "a dirtier estimate of the hour before": Case({-100: 80}, {-1: -100}, (2507, 853), (OPEN, OPEN)),
    "a cleaner hour of the window": Case({-100: 80}, {-5: 40}, (2507, 2507), (OPEN, OPEN)),
    "an hour too old": Case({-100: 80}, {-673: 100}, (2507, 2507), (OPEN, OPEN), is_touched=False),
    "the hour after": Case({-100: 80}, {1: 100}, (2507, 2507), (OPEN, OPEN), is_touched=False),
    "a measured hour looks at none before": Case({0: 60}, {-1: 100}, (4162, 4162), (None, None), is_touched=False),
    "the dirtiest of two, the second open": Case({-1: 80, 0: 60}, {1: 40}, (2507, 4162), (SECOND_HOUR, None), hours=2),
}
LAKES = [list(CASES)[:7], list(CASES)[7:]]


def order(name: str) -> str:
    return str(list(CASES).index(name))


def mixes(region: str, percents: dict[int, int]) -> dict[tuple[str, datetime], MixHour]:
    return {(region, NOON + n * HOUR): mixed(abs(p), is_estimated=p < 0) for n, p in percents.items()}


@dataclass
class Told:
    """The book after both runs, and what was seen after each."""

    book: HourlyBook
    runs: list[dict[str, Any]]
    assessed: list[dict[str, Any]]
    intensities: list[dict[Any, Any]]


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Told]]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("open")
        use_version(patch, folder, "cn_ev_charging@2.0.0")
        yield [_told(folder / str(number), names) for number, names in enumerate(LAKES)]


def _told(folder: Path, names: list[str]) -> Told:
    book, told = HourlyBook(folder / "book"), Told(None, [], [], [])  # type: ignore[arg-type]
    cases = [(name, CASES[name], region) for name, region in zip(names, COUNTIES, strict=True)]
    book.charge(*(ac(order(name), NOON, hours=case.hours, region=region) for name, case, region in cases))
    for at, which in ((EVENING, "known"), (LATER, "arriving")):
        parts = [mixes(region, getattr(case, which)) for _, case, region in cases]
        book.grid({key: mix for part in parts for key, mix in part.items()}, at=at)
        told.runs.append(book.run(at))
        book.is_as_the_oracle_says(at)
        told.assessed.append(book.assessed())
        told.intensities.append(book.intensities())
    told.book = book
    return told


@pytest.fixture(params=list(CASES))
def named(request: pytest.FixtureRequest, lakes: list[Told]) -> tuple[Told, str, Case]:
    number = next(number for number, names in enumerate(LAKES) if request.param in names)
    return lakes[number], request.param, CASES[request.param]


def test_points_the_same_day_and_one_adjustment(named: tuple[Told, str, Case]) -> None:
    told, name, case = named
    before, after = case.points
    owed = [(before, *FIRST)] if before else [(after, *FIRST)]
    if before and after != before:
        owed.append((after - before, *(STILL_OPEN if case.until[1] else SETTLED)))
    assert told.book.changes(order(name)) == owed


def test_until_when_it_may_move_is_told(named: tuple[Told, str, Case]) -> None:
    told, name, case = named
    lineage = f"OP:{order(name)}"
    found = [assessed[lineage][-1] if lineage in assessed else None for assessed in told.assessed]
    assert found == list(case.until)
    assert (lineage in told.assessed[0]) == (case.points[0] is not None)


@pytest.mark.parametrize("number", [0, 1])
def test_only_what_an_arriving_hour_may_change_is_touched(lakes: list[Told], number: int) -> None:
    assert [run["touched"] for run in lakes[number].runs] == [7, sum(CASES[name].is_touched for name in LAKES[number])]
    assert lakes[number].book.account(at=LATER.isoformat())["receipt"] is None


@pytest.mark.parametrize("number", [0, 1])
def test_data_that_came_late_end_where_data_on_time_do(lakes: list[Told], number: int, tmp_path: Path) -> None:
    lakes[number].book.is_as_on_time(LATER, tmp_path / "fresh")
    assert lakes[number].book.vintages() == {VINTAGE: "provisional"}


def test_what_stands_in_is_seen_as_such(lakes: list[Told]) -> None:
    region = next(iter(COUNTIES))
    assert lakes[0].intensities[0][region, NOON] == (661_840_000, OPEN)
    assert lakes[0].intensities[1][region, NOON] == (330_920_000, None)
    origins = {
        (row["region"], row["provisional_until"] is None): row["factor_origin"]
        for row in lakes[1].book.published("grid_intensity_hour")
    }
    assert origins[region, False] == "the highest known of the hours before: the hour is missing"
    assert origins[region, True] == "generation mix of the hour"
