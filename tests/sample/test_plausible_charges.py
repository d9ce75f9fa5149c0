"""The invented charges look like charging: when, how long, how much, where; and every figure is exact text."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from tests.sample.written_sample import Order, Written

NUMBER = re.compile(r'"(TotalPower|DetailPower|Total\w*Money|ElecPrice|SevicePrice)":(-?\d+\.\d{1,3})[,}]')
REGIONS = {f"CN-GRID-{name}" for name in ("NORTH", "NE", "EAST", "CENTRAL", "NW", "SOUTH", "SW")}


def kind(written: Written, order: Order) -> tuple[str, str]:
    station = written.stations[order.connector]
    return station["access"], station["power_type"]


def hours(order: Order) -> Decimal:
    assert order.end is not None
    return Decimal((order.end - order.start) // timedelta(seconds=1)) / 3600


def test_each_session_ends_on_the_day_of_its_file(week: Written) -> None:
    assert len(week.orders) == len({order.number for order in week.orders}) == 3000
    for order in week.orders:
        operator, day = order.file.removesuffix(".jsonl").rsplit("_", 2)[1:]
        assert (
            str(order.end)[:10] == day and order.number[:9] == operator and order.number[9:17] == day.replace("-", "")
        )
        assert re.fullmatch(r"SYNTH000[1-6]\d{18}", order.number)


def test_operators_are_uneven(week: Written) -> None:
    share = sorted(Counter(order.number[:9] for order in week.orders).values())
    assert len(share) == 6 and share[-1] > 5 * share[0] > 0


def test_regions_are_uneven_and_all_there(week: Written) -> None:
    share = Counter(week.stations[order.connector]["region"] for order in week.orders)
    assert set(share) == REGIONS
    assert share["CN-GRID-EAST"] > 3 * share["CN-GRID-NE"]


def test_private_and_public_fast_and_slow(week: Written) -> None:
    share = Counter(kind(week, order) for order in week.orders)
    assert set(share) == {("private", "AC"), ("public", "AC"), ("public", "DC")}
    assert (
        700 < share["private", "AC"] < 1100
        and 350 < share["public", "AC"] < 650
        and 1400 < share["public", "DC"] < 1900
    )


def test_fast_charges_peak_in_the_evening(week: Written) -> None:
    starts = Counter(order.start.hour for order in week.orders if kind(week, order)[1] == "DC")
    evening, morning, night = (sum(starts[h] for h in three) for three in ((18, 19, 20), (8, 9, 10), (2, 3, 4)))
    assert evening > 2 * morning > 6 * night > 0


def test_private_charges_are_overnight(week: Written) -> None:
    private = [order for order in week.orders if kind(week, order)[0] == "private"]
    across = sum(order.end is not None and order.start.date() < order.end.date() for order in private)
    assert 2 * across > len(private) / 2
    assert not [order for order in private if 9 <= order.start.hour < 16]


def test_saturday_is_not_monday(week: Written) -> None:
    day = Counter((kind(week, order)[0], order.number[9:17]) for order in week.orders)
    assert day["public", "20260314"] * 100 > 110 * day["public", "20260309"]
    assert day["private", "20260314"] < day["private", "20260309"] * 105 / 100


def test_lengths_and_energies_fit_the_connector(week: Written) -> None:
    for order in week.orders:
        power = Decimal(week.stations[order.connector]["rated_kw"])
        assert order.energy is not None and 0 <= order.energy <= power * hours(order)
        if kind(week, order)[1] == "DC":
            assert 15 * 60 <= hours(order) * 3600 <= 60 * 60
            assert order.energy == 0 or order.energy >= Decimal("0.15") * power * hours(order)
        else:
            assert power == 7 and 1 <= hours(order) <= 7
    assert 0 < sum(order.energy == 0 for order in week.orders) < 30


def test_charges_cross_hours_and_midnight(week: Written) -> None:
    edges = [(order.start, order.end) for order in week.orders if order.end is not None]
    assert sum(start.date() < end.date() for start, end in edges) > 300
    assert sum(start.replace(minute=0, second=0) < end.replace(minute=0, second=0) for start, end in edges) > 1500
    assert any(
        start.hour == 23 and kind(week, order)[1] == "DC" and end.hour == 0
        for order, (start, end) in zip(week.orders, edges, strict=True)
    )


def test_no_connector_is_used_twice_at_a_time(week: Written) -> None:
    used: dict[str, list[tuple[datetime, datetime]]] = {}
    for order in week.orders:
        assert order.end is not None
        used.setdefault(order.connector, []).append((order.start, order.end))
    assert max(map(len, used.values())) > 7
    for windows in used.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(windows)))


def test_details_fill_the_charge_and_sum_exactly(week: Written) -> None:
    counts = Counter[int]()
    for order in week.orders:
        details = order.told["ChargeDetails"]
        counts[len(details)] += 1
        assert order.told["SumPeriod"] == len(details) <= 32
        if not details:
            continue
        assert (
            details[0]["DetailStartTime"] == order.told["StartTime"]
            and details[-1]["DetailEndTime"] == order.told["EndTime"]
        )
        assert all(before["DetailEndTime"] == after["DetailStartTime"] for before, after in pairwise(details))
        assert all(inner["DetailEndTime"].endswith(":00:00") for inner in details[:-1])
        assert all(
            detail["DetailPower"] >= 0 and detail["DetailStartTime"] < detail["DetailEndTime"] for detail in details
        )
        assert sum(detail["DetailPower"] for detail in details) == order.energy
    assert counts[0] * 100 > 8 * len(week.orders) and max(counts) >= 7


def test_figures_are_decimal_text_without_artefacts(week: Written) -> None:
    decimals: dict[str, set[int]] = {}
    for order in week.orders:
        figures = NUMBER.findall(order.line)
        assert len(figures) == 4 + 3 * len(order.told["ChargeDetails"])
        told = {len(text.partition(".")[2]) for name, text in figures if name.endswith("Power")}
        decimals.setdefault(order.number[:9], set()).update(told)
        assert order.told["TotalElecMoney"] + order.told["TotalSeviceMoney"] == order.told["TotalMoney"]
        assert 0 <= order.told["StopReason"] <= 99
    assert sorted(map(tuple, decimals.values())) == [(1,), (2,), (2,), (3,), (3,), (3,)]
