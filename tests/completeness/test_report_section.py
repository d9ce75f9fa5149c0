"""The report page says whether everything is in, and shows the five days that lack most."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chargeledger import flow
from chargeledger.lake import Lake
from chargeledger.report import write_report
from tests.completeness.deliveries import control, deliver, delivered, sessions, stage_rows

AT = "2026-03-10T16:00:00Z"
DAYS = [f"2026-03-{day:02d}" for day in range(4, 11)]


def words(lake: str, folder: Path) -> str:
    text = write_report(Lake(lake), None, folder / "report.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL).split())


def published(lake: str, folder: Path, lacking: dict[str, int], *more: dict[str, Any]) -> str:
    """Ten sessions on each of seven days; of some days so many more were announced. The page, as a person reads it."""
    digest = deliver(lake, folder, [row for day in DAYS for row in sessions("PAGE", day, 10)], AT)
    stage_rows(
        lake, "delivery_control", digest, *(control("PAGE", day, 10 + n, "CN-GRID-EAST") for day, n in lacking.items())
    )
    stage_rows(lake, "delivery_control", digest, *more)
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    return words(lake, folder)


def test_the_worst_five_stand_on_the_page(lake: str, tmp_path: Path) -> None:
    read = published(lake, tmp_path, dict(zip(DAYS[:6], (1, 6, 2, 5, 3, 4), strict=True)))
    assert "Is it in? ! 6 days lack sessions" in read
    assert (
        "days of operators in regions in the newest four weeks, 6 have an expectation, and 6 of them lack sessions; the worst 5."
        in read
    )
    shown = re.findall(r"PAGE CN-GRID-EAST (\S+) ! (\d+) (\d+) (\d+) (\d+) control total", read)
    assert shown == [(DAYS[day], str(n), str(10 + n), "10", "0") for n, day in ((6, 1), (5, 3), (4, 5), (3, 4), (2, 2))]


def test_a_page_with_all_totals_met_lists_nothing(lake: str, tmp_path: Path) -> None:
    read = published(lake, tmp_path, {DAYS[0]: 0})
    assert (
        "1 has an expectation, and none of them lack sessions." in read
        and "! " not in read.partition("Is it complete?")[0]
    )


def test_without_any_expectation_the_page_says_so(lake: str, tmp_path: Path) -> None:
    read = published(lake, tmp_path, {})
    assert "No control total and no earlier week says what should have come in the newest vintages." in read
    assert "Every file is in" in read


def test_a_delivery_that_came_short_is_told_beside_the_days(lake: str, tmp_path: Path) -> None:
    read = published(lake, tmp_path, {DAYS[0]: 0}, delivered("https://x/cdrs", "2026-03-10T00:00:00Z", AT, 3))
    assert "Is it in? ! 1 delivery came short" in read
    assert "none of them lack sessions. Of 1 delivery fewer records came than were announced, of whatever day." in read
