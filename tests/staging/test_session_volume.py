"""A day that is thinner than its weekday was, and a file that is older than a file should be, are warned of and staged."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from chargeledger import flow
from tests.staging.canonical_files import Row, session_csv, session_row

MONDAY = date(2026, 3, 9)


def rows(day: date, count: int, operator: str = "INVENTED-A") -> list[Row]:
    """So many sessions that end at noon UTC of a day, each at a place of its own."""
    return [
        session_row(f"{day:%m%d}{n:03d}", operator=operator, started_at=f"{day}T11:00:00Z", ended_at=f"{day}T12:00:00Z")
        for n in range(count)
    ]


def ingest(lake: str, folder: Path, told: list[Row], landed: str) -> list[str]:
    """The rules that a file breaks and that only warn."""
    path = session_csv(folder / f"{len(list(folder.iterdir()))}.csv", *told)
    (batch,) = flow.ingest("session_csv", [path], lake, landed)
    assert batch["state"] == "staged"
    return [text.split()[1].rstrip(":") for text in batch["warnings"]]


@pytest.fixture
def weeks(lake: str, tmp_path: Path) -> tuple[str, Path]:
    """A lake with ten sessions on each of the four Mondays before, and the folder of its files."""
    folder = tmp_path / "files"
    folder.mkdir()
    for week in (4, 3, 2, 1):
        day = MONDAY - timedelta(days=7 * week)
        assert ingest(lake, folder, rows(day, 10), f"{day}T23:00:00Z") == []
    return lake, folder


@pytest.mark.parametrize(("count", "warned"), [(5, []), (4, ["volume_as_before"]), (30, [])])
def test_half_of_a_weekday_is_enough(weeks: tuple[str, Path], count: int, warned: list[str]) -> None:
    assert ingest(*weeks, rows(MONDAY, count), f"{MONDAY}T23:00:00Z") == warned


def test_a_day_that_comes_in_parts_is_judged_by_what_is_there(weeks: tuple[str, Path]) -> None:
    whole = rows(MONDAY, 6)
    assert ingest(*weeks, whole[:4], f"{MONDAY}T23:00:00Z") == ["volume_as_before"]
    assert ingest(*weeks, whole[4:], f"{MONDAY}T23:30:00Z") == []


def test_another_operator_and_another_weekday_are_not_compared(weeks: tuple[str, Path]) -> None:
    tuesday = MONDAY + timedelta(days=1)
    told = [*rows(MONDAY, 1, "INVENTED-B"), *rows(tuesday, 1)]
    assert ingest(*weeks, told, f"{tuesday}T23:00:00Z") == []


def test_one_earlier_week_is_no_measure(lake: str, tmp_path: Path) -> None:
    before = MONDAY - timedelta(days=7)
    (tmp_path / "files").mkdir()
    assert ingest(lake, tmp_path / "files", rows(before, 10), f"{before}T23:00:00Z") == []
    assert ingest(lake, tmp_path / "files", rows(MONDAY, 1), f"{MONDAY}T23:00:00Z") == []


@pytest.mark.parametrize(
    ("landed", "warned"),
    [
        ("2026-03-16T12:59:59Z", []),
        ("2026-03-16T13:00:00Z", ["fresh"]),
        ("2026-03-08T12:00:00Z", []),
        ("2026-03-08T11:59:59Z", ["fresh"]),
    ],
)
def test_a_file_lands_within_a_week_and_not_before_its_sessions(
    lake: str, tmp_path: Path, landed: str, warned: list[str]
) -> None:
    (tmp_path / "files").mkdir()
    old = rows(MONDAY - timedelta(days=300), 1)
    assert ingest(lake, tmp_path / "files", [*old, *rows(MONDAY, 1)], landed) == warned
