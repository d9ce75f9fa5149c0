"""What should have come: a control total, else the same weekday of earlier weeks, and how far a day may fall short of either."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking
from tests.completeness.deliveries import EAST, control, counts, deliver, judged, sessions, stage_rows
from tests.staging.command_line import chargeledger_here
from tests.staging.conftest import fixed_key

MONDAY = date(2026, 2, 9)
TOLD_AT = "2026-03-16T00:00:00+08:00"
DAY = date(2026, 3, 12)  # a Thursday of the fifth week
# Sessions of each operator on the Thursdays of the first four weeks; on other days as on the first.
THURSDAYS = {"INVENTED-A": (30, 30, 30, 30), "INVENTED-B": (18, 24, 20, 22), "INVENTED-C": (12, 12, 12, 12)}


def test_a_file_left_out_of_a_day_is_named_first_with_operator_day_and_missing_count(lake: str, tmp_path: Path) -> None:
    """Five weeks of three operators. INVENTED-B's file of one Thursday does not come; INVENTED-C is one session short."""
    for operator, thursdays in THURSDAYS.items():
        rows = []
        for number in range(35):
            day = MONDAY + timedelta(days=number)
            week = number // 7
            count = thursdays[week] if day.weekday() == 3 and week < 4 else thursdays[0]
            count -= operator == "INVENTED-C" and day == DAY
            rows += [] if operator == "INVENTED-B" and day == DAY else sessions(operator, day.isoformat(), count)
        deliver(lake, tmp_path, rows, TOLD_AT)
    told = chargeledger_here("completeness", "--lake", lake, "--at", TOLD_AT)
    assert told.returncode == 1
    _, _, missing = told.stdout.partition("Missing, worst first")
    heads, _, first, *rest = missing.strip().splitlines()
    assert heads.split() == ["operator", "region", "day", "expected", "received", "missing", "by"]
    # Of 18, 20, 22 and 24 the lower of the two in the middle is 20.
    assert first.split() == ["INVENTED-B", EAST, "2026-03-12", "20", "0", "20", "weekday"]
    assert not [line for line in rest if EAST in line], "nothing else is missing"
    lines = told.stdout.splitlines()
    of = {name: next(line for line in lines if line.startswith(name)) for name in THURSDAYS}
    assert [line.split()[0] for line in lines if line.startswith("INVENTED")][:3] == [
        "INVENTED-B",
        "INVENTED-A",
        "INVENTED-C",
    ]
    assert of["INVENTED-B"].split()[2:] == ["~18/18", "~18/18", "~18/18", "~0/20", "~18/18", "~18/18", "~18/18"]
    assert of["INVENTED-C"].split()[5] == "~11/12"
    assert all(len(line) <= 80 for line in lines)


# Sessions of one, two, … five weeks before the day, and of the day; what is expected; whether it asks for somebody.
WEEKDAYS: dict[str, tuple[tuple[int, ...], int, int | None, bool]] = {
    "one week": ((40,), 40, 40, False),
    "two weeks, the lower": ((50, 40), 40, 40, False),
    "three weeks, the middle": ((50, 10, 40), 40, 40, False),
    "four weeks, the lower of the middle": ((10, 40, 50, 60), 40, 40, False),
    "a fifth week does not count": ((50, 50, 50, 40, 10), 50, 50, False),
    "only a fifth week": ((0, 0, 0, 0, 40), 40, None, False),
    "only a fifth week, and nothing": ((0, 0, 0, 0, 40), 0, None, False),
    "a week without sessions does not count": ((0, 40, 0, 60), 40, 40, False),
    "nothing before": ((), 3, None, False),
    "more than expected": ((40,), 41, 40, False),
    # Of 100 by chance 30 may be missing (3 x 10), of 400 by share 80 (200 per mille), more than chance's 60.
    "as many as chance": ((100,), 70, 100, False),
    "more than chance": ((100,), 69, 100, True),
    "more than chance, as the share": ((400,), 320, 400, False),
    "more than the share": ((400,), 319, 400, True),
    # Of 9 all may be missing by chance (9 x 9 is not above 9 x 9), of 10 not.
    "few": ((9,), 0, 9, False),
    "few, yet enough": ((10,), 0, 10, True),
}


@pytest.fixture(scope="module")
def weekdays(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Any]:
    folder = tmp_path_factory.mktemp("weekdays")
    rows = []
    for number, (before, count, _, _) in enumerate(WEEKDAYS.values()):
        operator = f"CASE-{number}"
        for week, earlier in enumerate(before, start=1):
            rows += sessions(operator, (DAY - timedelta(weeks=week)).isoformat(), earlier)
        rows += sessions(operator, DAY.isoformat(), count)
    with fixed_key():
        deliver(str(folder / "lake"), folder, rows, TOLD_AT)
    return judged(str(folder / "lake"), DAY.isoformat(), TOLD_AT)


@pytest.mark.parametrize("case", WEEKDAYS)
def test_the_same_weekday_expects_the_lower_median_and_tolerates_a_share_and_chance(
    weekdays: dict[Any, Any], case: str
) -> None:
    number = list(WEEKDAYS).index(case)
    _, count, expected, is_short = WEEKDAYS[case]
    row = weekdays.get((f"CASE-{number}", EAST, DAY.isoformat()))
    if expected is None and not count:
        assert row is None, "nothing came and nothing was expected"
    elif expected is None:
        assert row is not None and counts(row) == ("none", None, count, count, 0, None, None, False)
    else:
        missing, surplus = max(expected - count, 0), max(count - expected, 0)
        assert row is not None
        assert counts(row) == ("same weekday", expected, count, count, 0, missing, surplus, is_short)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four sessions of each of several operators on a day, in two regions, and what the operators told of it."""
    folder = tmp_path_factory.mktemp("told")
    lake, day, before = str(folder / "lake"), DAY.isoformat(), (DAY - timedelta(weeks=1)).isoformat()
    with fixed_key():
        rows, north = [], {"region": "CN-GRID-NORTH"}
        for operator in ("MET", "SHORT", "OVER", "TOLD-TWICE", "ALL", "ALL-SHORT", "PARTS", "ZERO"):
            rows += sessions(operator, day, 3) + sessions(operator, day, 1, 4, **north)
            rows += sessions(operator, before, 50) + sessions(operator, before, 50, 51, **north)
        digest = deliver(lake, folder, rows, TOLD_AT)
        stage_rows(lake, "delivery_control", digest, control("MET", day, 3, EAST, 30_000), control("SHORT", day, 4, EAST),
                   control("OVER", day, 2, EAST), control("TOLD-TWICE", day, 9, EAST), control("ALL", day, 4),
                   control("ALL-SHORT", day, 5), control("ALL-SHORT", day, 3, EAST), control("PARTS", day, 3, EAST),
                   control("NOBODY", day, 7, EAST), control("NOBODY-2", day, 7), control("ZERO", day, 0, EAST))  # fmt: skip
        stage_rows(lake, "delivery_control", digest, control("TOLD-TWICE", day, 2, EAST))
        later = deliver(lake, folder, sessions("OTHER", day, 1), TOLD_AT)
        stage_rows(lake, "delivery_control", later, control("TOLD-TWICE", day, 3, EAST))
    return lake


@pytest.fixture(scope="module")
def totals(told: str) -> dict[Any, Any]:
    return judged(told, DAY.isoformat(), TOLD_AT)


TOTAL, WEEK, NONE = "control total", "same weekday", "none"
NORTH = "CN-GRID-NORTH"
TOTALS = [
    ("MET", EAST, (TOTAL, 3, 3, 3, 0, 0, 0, False)),
    ("MET", NORTH, (WEEK, 50, 1, 1, 0, 49, 0, True)),
    ("SHORT", EAST, (TOTAL, 4, 3, 3, 0, 1, 0, True)),
    ("OVER", EAST, (TOTAL, 2, 3, 3, 0, 0, 1, False)),
    ("ZERO", EAST, (TOTAL, 0, 3, 3, 0, 0, 3, False)),
    ("TOLD-TWICE", EAST, (TOTAL, 3, 3, 3, 0, 0, 0, False)),
    # A total over all regions is held against all, and leaves no region to be expected by its weekday.
    ("ALL", None, (TOTAL, 4, 4, 4, 0, 0, 0, False)),
    ("ALL", EAST, (NONE, None, 3, 3, 0, None, None, False)),
    ("ALL", NORTH, (NONE, None, 1, 1, 0, None, None, False)),
    ("ALL-SHORT", None, (TOTAL, 5, 4, 4, 0, 1, 0, True)),
    ("ALL-SHORT", EAST, (TOTAL, 3, 3, 3, 0, 0, 0, False)),
    ("PARTS", EAST, (TOTAL, 3, 3, 3, 0, 0, 0, False)),
    ("PARTS", NORTH, (WEEK, 50, 1, 1, 0, 49, 0, True)),
    # An operator that told a total and never sent a session.
    ("NOBODY", EAST, (TOTAL, 7, 0, 0, 0, 7, 0, True)),
    ("NOBODY-2", None, (TOTAL, 7, 0, 0, 0, 7, 0, True)),
]


@pytest.mark.parametrize(("issuer", "region", "expected"), TOTALS)
def test_a_control_total_is_held_against_what_it_speaks_of(
    totals: dict[Any, Any], issuer: str, region: str | None, expected: tuple[Any, ...]
) -> None:
    assert counts(totals[issuer, region, DAY.isoformat()]) == expected


def test_no_row_over_all_regions_stands_where_nobody_told_one(totals: dict[Any, Any]) -> None:
    assert {issuer for issuer, region, _ in totals if region is None} == {"ALL", "ALL-SHORT", "NOBODY-2"}


def test_energy_stands_beside_the_sessions(totals: dict[Any, Any]) -> None:
    row = totals["MET", EAST, DAY.isoformat()]
    assert (row["expected_wh"], row["accepted_wh"]) == (30_000, 30_000)


def test_the_worst_comes_first(told: str) -> None:
    short = asking.completeness(told, DAY.isoformat(), None, TOLD_AT).short
    lacking = [row["missing_sessions"] for row in short]
    assert lacking == sorted(lacking, reverse=True) and lacking[0] == 49 and lacking[-1] == 1


def test_the_matrix_shows_totals_met_and_missed_and_no_question_where_a_total_covers_the_region(told: str) -> None:
    shown = chargeledger_here("completeness", DAY.isoformat(), "--lake", told, "--at", TOLD_AT)
    lines = [line.split() for line in shown.stdout.splitlines() if line.strip() and "03-12" not in line]
    found = {" ".join(words[:-1]): words[-1] for words in lines}
    assert found["ALL all regions ="] == "4" and found[f"ALL {EAST}"] == "3" and found[f"ALL {NORTH}"] == "1"
    assert (
        found["ALL-SHORT all regions"] == "4/5" and found[f"SHORT {EAST}"] == "3/4" and found[f"OVER {EAST}"] == "3/2"
    )
    assert found[f"MET {EAST} ="] == "3" and found[f"MET {NORTH}"] == "~1/50" and found[f"NOBODY {EAST}"] == "0/7"
    assert shown.returncode == 1
