"""What a case file cannot tell of: accounts, days, programmes and regions side by side, awards that stand, first days.

Each example is worked out by hand, and each has mutants of the SQL that it must notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chargeledger import rooms
from chargeledger.errors import Refused
from chargeledger.methodology import Methodology, load
from tests.methodology.border_run import DAY, assessments, at, awards, session
from tests.methodology.sql_mutants import mutated

G = 10**9
CHINA, CALIFORNIA = "cn_ev_charging@1.2.0", "us_ev_charging@1.0.0"
Example = Callable[[Methodology], None]


def caps_are_of_an_account_a_day_and_a_programme(version: Methodology) -> None:
    # A cap of 4 points: u has 3 and 1 of 3; v, the other day, and the programme without a cap have their own.
    told = [session("a"), session("b", ended_at=at(14)), session("c", user_id="v", ended_at=at(15))]
    told += [session("d", vintage=date(2026, 3, 11), ended_at=at(16)), session("e", programme="q", ended_at=at(17))]
    assert awards(version, told, points_cap=4) == {
        "a": (3, 0, None), "b": (1, 2, None), "c": (3, 0, None), "d": (3, 0, None), "e": (3, 0, None),
    }  # fmt: skip


def without_an_owner_there_is_no_award(version: Methodology) -> None:
    told = [session("a", user_id=None), session("b", ended_at=at(14))]
    assert awards(version, told, points_cap=4) == {"b": (3, 0, None)}


def what_stands_comes_first_and_counts_as_posted(version: Methodology) -> None:
    # z ended last but stands, with 4 points posted (it would be 3 now): 1 of the 5 is left for a, which ended first.
    told = [session("a"), session("z", ended_at=at(20), standing_points=4, standing_energy_wh=10_000)]
    assert awards(version, told, points_cap=5)["a"] == (1, 2, None)


def nothing_is_left_under_a_cap_that_what_stands_exceeds(version: Methodology) -> None:
    # 7 points stand from before the cap of 5: 0 are left, not -2.
    told = [session("a"), session("z", ended_at=at(20), standing_points=7, standing_energy_wh=10_000)]
    assert awards(version, told, points_cap=5)["a"] == (0, 3, None)


def energy_that_stands_counts_as_it_was(version: Methodology) -> None:
    # 45 kWh were posted for z (it would be 30 now): with the 10 of a they are above 50.
    told = [session("a"), session("z", ended_at=at(20), energy_wh=30_000, standing_points=3, standing_energy_wh=45_000)]
    assert awards(version, told, energy_cap_wh=50_000)["a"] == (0, 3, None)


def what_is_not_awarded_leaves_the_points_cap_alone(version: Methodology) -> None:
    # a has 499 Wh and is not eligible; b has all 4 points of the cap to itself.
    told = [session("a", energy_wh=499), session("b", ended_at=at(14))]
    assert awards(version, told, points_cap=4, min_energy_wh=500) == {"a": (0, 0, "energy"), "b": (3, 0, None)}


def at_the_same_instant_the_lineage_decides(version: Methodology) -> None:
    told = [session("b", energy_wh=30_000), session("a", energy_wh=30_000)]
    assert awards(version, told, energy_cap_wh=50_000) == {"a": (3, 0, None), "b": (0, 3, None)}
    assert awards(version, told, points_cap=4) == {"a": (3, 0, None), "b": (1, 2, None)}


def energy_is_what_is_delivered_and_power_what_is_read(version: Methodology) -> None:
    # DC at its AC input. a: 541 Wh read, floor(541 x 0.923) = 499 delivered. b: 542 read, 500 delivered.
    # c: 10,500 W over an hour at 10 kW are 1.05, d: 10,501 are more, though only 9,692 Wh are delivered.
    dc = {"power_type": "DC", "rated_w": 10_000}
    told = [session("a", reading_wh=541, energy_wh=499, **dc), session("b", reading_wh=542, energy_wh=500, **dc)]
    told += [
        session("c", reading_wh=10_500, energy_wh=9_691, **dc),
        session("d", reading_wh=10_501, energy_wh=9_692, **dc),
    ]
    assert awards(version, told, min_energy_wh=500, max_power_per_mille=1050) == {
        "a": (0, 0, "energy"), "b": (3, 0, None), "c": (3, 0, None), "d": (0, 0, "power"),
    }  # fmt: skip


def every_region_has_its_own_factor(version: Methodology) -> None:
    # One hour, two regions: all coal, 760 g/kWh, and half coal, half water, 380 g/kWh.
    hour = at(12)
    mix = [("US-A", hour, "coal", 100), ("US-B", hour, "coal", 50), ("US-B", hour, "hydro", 50)]
    told = [session("a", region="US-A"), session("b", region="US-B")]
    assert assessments(version, told, mix) == {"a": 10_000 * 760 * 10**6, "b": 10_000 * 380 * 10**6}


def every_hour_has_its_own_mix(version: Methodology) -> None:
    # 10 kWh over two hours, 5 with coal and 5 with water alone: 5,000 x 760 g. The next hour is nobody's.
    mix = [("US-A", at(11), "coal", 100), ("US-A", at(12), "hydro", 1), ("US-A", at(13), "coal", 1)]
    told = [session("a", region="US-A", started_at=at(11))]
    assert assessments(version, told, mix) == {"a": 5_000 * 760 * 10**6}


def a_version_holds_from_its_first_day(version: Methodology) -> None:
    first = version.identity["applicability"]["vintage_from"]
    assert list(assessments(version, [session("a", vintage=first)])) == ["a"]


def a_parameter_ends_on_the_day_on_which_the_next_begins(version: Methodology) -> None:
    new = tuple({**p, "valid_from": DAY} for p in version.parameters)
    old = tuple({**p, "valid_until": DAY} for p in version.parameters)
    days = [session("a", vintage=date(2026, 3, 9)), session("b"), session("c", vintage=date(2026, 3, 11))]
    assert sorted(assessments(replace(version, parameters=(*old, *new)), days)) == ["a", "b", "c"]


def the_average_is_that_of_the_country(version: Methodology) -> None:
    # Two sessions in one hour and one in another region of China; one abroad, whose code begins alike, waits.
    told = [session(name, region=f"CN-GRID-{end}") for name, end in (("a", "NE"), ("b", "NE"), ("c", "SW"))]
    told.append(session("d", region="CNX-GRID-NE"))
    fossil = {**version.factors[0], "source": "fossil", "factor_ug_per_kwh": "827300000"}
    owed = dict.fromkeys("abc", 10_000 * 530_600_000)
    assert assessments(replace(version, factors=(*version.factors, fossil)), told) == owed


AWARD: list[Example] = [
    caps_are_of_an_account_a_day_and_a_programme,
    without_an_owner_there_is_no_award,
    what_stands_comes_first_and_counts_as_posted,
    nothing_is_left_under_a_cap_that_what_stands_exceeds,
    energy_that_stands_counts_as_it_was,
    what_is_not_awarded_leaves_the_points_cap_alone,
    at_the_same_instant_the_lineage_decides,
    energy_is_what_is_delivered_and_power_what_is_read,
]
OTHERS: list[tuple[str, Example]] = [
    (CALIFORNIA, every_region_has_its_own_factor),
    (CALIFORNIA, every_hour_has_its_own_mix),
    (CHINA, a_version_holds_from_its_first_day),
    (CHINA, a_parameter_ends_on_the_day_on_which_the_next_begins),
    (CHINA, the_average_is_that_of_the_country),
]


@pytest.mark.parametrize("example", AWARD, ids=lambda e: e.__name__)
@pytest.mark.parametrize("name", rooms.methodology_names())
def test_awards_are_those_from_paper(name: str, example: Example) -> None:
    example(load(name))


@pytest.mark.parametrize(("name", "example"), OTHERS, ids=lambda e: getattr(e, "__name__", e))
def test_assessments_are_those_from_paper(name: str, example: Example) -> None:
    example(load(name))


def mutants() -> list[Any]:
    """Step, old and new text, the version, and the example that must notice it; see `border_mutants.yaml`."""
    by_name = {example.__name__: (CHINA, example) for example in AWARD} | {e.__name__: (n, e) for n, e in OTHERS}
    told = yaml.safe_load(Path(__file__).with_name("border_mutants.yaml").read_text(encoding="utf-8"))
    return [pytest.param(*by_name[m["example"]], m, id=f"{m['step']}-{m['what']}") for m in told]


@pytest.mark.parametrize(("name", "example", "mutant"), mutants())
def test_a_mutant_is_noticed(name: str, example: Example, mutant: dict[str, str], tmp_path: Path) -> None:
    version = mutated(load(name), mutant["step"], mutant, tmp_path)
    with pytest.raises((AssertionError, Refused)) as noticed:
        example(version)
    assert not any(word in str(noticed.value) for word in ("Parser Error", "Binder Error", "Catalog Error"))
