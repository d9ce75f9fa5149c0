"""The official factors of China beside this checkout: complete, as the notices give them, and moving as is known."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from chargeledger import rooms

Row = dict[str, str]
YEARS = ("2021", "2022", "2023")
# kg CO2/kWh by kind: 2021, 2022, 2023.
NATIONAL = {
    "avg": ("0.5568", "0.5366", "0.5306"),
    "avg_excl_market_nonfossil": ("0.5942", "0.5856", "0.6096"),
    "fossil_only": ("0.8426", "0.8325", "0.8273"),
}
# Data year: day of publication, number of the notice.
NOTICES = {
    "2021": ("2024-04-12", "2024年第12号"),
    "2022": ("2024-12-20", "2024年第33号"),
    "2023": ("2025-12-31", "2025年第47号"),
}
GRIDS = {f"CN-GRID-{name}" for name in ("NORTH", "NE", "EAST", "CENTRAL", "NW", "SOUTH", "SW")}
TIBET = "CN-XZ"


@pytest.fixture(scope="module")
def official(shared: Path) -> list[Row]:
    path = shared / "data" / "factors" / "china" / "grid_factors_2021_2023.csv"
    if not path.exists():
        pytest.skip("the official factors are not beside this checkout")
    with open(path, encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def told(official: list[Row], level: str, year: str, kind: str = "avg") -> dict[str, Decimal]:
    return {
        row["code"]: Decimal(row["kgco2_per_kwh"])
        for row in official
        if (row["level"], row["data_year"], row["kind"]) == (level, year, kind)
    }


def change(before: Decimal, after: Decimal) -> Decimal:
    """In percent, to one decimal."""
    return ((after - before) * 100 / before).quantize(Decimal("0.1"), ROUND_HALF_UP)


def test_each_factor_is_told_once_for_each_year(official: list[Row]) -> None:
    keys = Counter((row["data_year"], row["code"], row["kind"]) for row in official)
    assert set(keys.values()) == {1} and len(keys) == 3 * (3 + 7 + 30)
    assert Counter((row["level"], row["kind"]) for row in official) == {
        ("national", "avg"): 3, ("national", "avg_excl_market_nonfossil"): 3, ("national", "fossil_only"): 3,
        ("region", "avg"): 3 * 7, ("province", "avg"): 3 * 30,
    }  # fmt: skip


@pytest.mark.parametrize("year", YEARS)
def test_a_year_is_that_of_its_notice(official: list[Row], year: str) -> None:
    published_on, number = NOTICES[year]
    rows = [row for row in official if row["data_year"] == year]
    assert {row["published_on"] for row in rows} == {published_on}
    assert len({row["notice"] for row in rows}) == 1 and number in rows[0]["notice"]


@pytest.mark.parametrize("kind", NATIONAL)
def test_national_factors_are_those_of_the_notices(official: list[Row], kind: str) -> None:
    assert [told(official, "national", year, kind) for year in YEARS] == [{"CN": Decimal(kg)} for kg in NATIONAL[kind]]


def test_the_three_kinds_stand_in_their_order(official: list[Row]) -> None:
    """What is left without the market-traded non-fossil part is dirtier than all, and cleaner than fossil alone."""
    for year in YEARS:
        average, rest, fossil = (told(official, "national", year, kind)["CN"] for kind in NATIONAL)
        assert average < rest < fossil


@pytest.mark.parametrize("year", YEARS)
def test_there_are_seven_grids_and_every_province_but_tibet(official: list[Row], year: str) -> None:
    with open(rooms.CONTRACTS / "reference" / "province_grid.csv", encoding="utf-8", newline="") as rows:
        placed = list(csv.DictReader(rows))
    provinces = set(told(official, "province", year))
    assert set(told(official, "region", year)) == GRIDS == {row["region"] for row in placed}
    assert len(provinces) == 30 and provinces == {row["province"] for row in placed} - {TIBET}


@pytest.mark.parametrize("year", YEARS)
def test_the_average_lies_among_those_that_it_is_made_of(official: list[Row], year: str) -> None:
    national = told(official, "national", year)["CN"]
    for level in ("region", "province"):
        factors = told(official, level, year).values()
        assert min(factors) < national < max(factors)


def test_from_2022_to_2023_twenty_provinces_fall_and_ten_rise(official: list[Row]) -> None:
    before, after = (told(official, "province", year) for year in ("2022", "2023"))
    moved = [after[code] - before[code] for code in sorted(after)]
    assert (sum(each < 0 for each in moved), sum(each > 0 for each in moved)) == (20, 10)


@pytest.mark.parametrize(("kind", "percent"), [("avg", "-1.1"), ("avg_excl_market_nonfossil", "4.1")])
def test_from_2022_to_2023_the_national_factors_move_as_is_known(official: list[Row], kind: str, percent: str) -> None:
    before, after = (told(official, "national", year, kind)["CN"] for year in ("2022", "2023"))
    assert change(before, after) == Decimal(percent)


def test_the_national_factor_is_below_most_provinces(official: list[Row]) -> None:
    """16 of 30 are above it: in the place of a province's own it is no conservative choice."""
    national = told(official, "national", "2023")["CN"]
    assert sum(factor > national for factor in told(official, "province", "2023").values()) == 16
