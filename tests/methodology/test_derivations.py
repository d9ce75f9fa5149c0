"""How a parameter follows from its inputs: exact fractions, a small grammar, and the derived numbers from paper."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor

import pytest

from chargeledger import rooms
from chargeledger.errors import Refused, UsageError
from chargeledger.methodology import Methodology, derive, load

INPUTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "two": Fraction(2)}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("7", 7),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 - 5", -3),
        ("10**9", 1_000_000_000),
        ("2**3**2", 512),
        ("two**two", 4),
        ("6 / 3", 2),
        ("third * 3", 1),
        ("third + third + third", 1),
        ("floor(half)", 0),
        ("ceil(half)", 1),
        ("floor(0 - half)", -1),
        ("ceil(0 - half)", 0),
        ("floor(10**9 * third)", 333_333_333),
        ("ceil(10**9 * third)", 333_333_334),
        ("floor(ceil(half) / 2 + half)", 1),
        # Beyond what a float holds: 10^17 / 3 has 17 digits.
        ("floor(10**17 / 3)", 33_333_333_333_333_333),
        # In floats 0.1 + 0.2 is above 0.3; here three tenths are three tenths.
        ("ceil(10 * (1/10 + 2/10))", 3),
    ],
)
def test_a_formula_is_exact(formula: str, value: int) -> None:
    assert derive(formula, INPUTS) == value
    assert isinstance(derive(formula, INPUTS), int)


@pytest.mark.parametrize(
    "formula",
    [
        "unknown * 2",
        "0.5 * 2",
        "1e3",
        "'7'",
        "__import__('os').getpid()",
        "half.numerator",
        "round(half)",
        "max(1, 2)",
        "floor(1, 2)",
        "floor()",
        "floor",
        "two[0]",
        "[7][0]",
        "1 if two else 2",
        "1 < 2",
        "two and 1",
        "7 // 2",
        "7 % 2",
        "7 @ 2",
        "1 << 2",
        "-7",
        "not 0",
        "lambda: 1",
        "(x := 1)",
        "two ** half",
    ],
)
def test_what_the_grammar_does_not_have_is_refused(formula: str) -> None:
    with pytest.raises(Refused, match="not an input or an allowed operation"):
        derive(formula, INPUTS)


@pytest.mark.parametrize("formula", ["half", "1 / 3", "two / 3 * 2", "10**9 * third"])
def test_a_result_that_is_not_whole_is_refused_and_the_way_out_is_told(formula: str) -> None:
    with pytest.raises(Refused, match=r"say floor\(\) or ceil\(\)"):
        derive(formula, INPUTS)


@pytest.mark.parametrize("formula", ["2 +", "", "1 / (two - 2)", "True"])
def test_a_formula_that_cannot_be_read_or_worked_out_is_refused(formula: str) -> None:
    try:
        value = derive(formula, INPUTS)
    except Refused:
        return
    raise AssertionError(f"gives {value}")


def test_derived_numbers_are_those_from_paper() -> None:
    # 2.9251 kg/kg x 0.720 kg/L x 6.5 L/100 km / 15.0 kWh/100 km = 0.9126312 kg/kWh, exactly.
    china = Fraction("2.9251") * Fraction("0.720") * Fraction("6.5") / Fraction("15.0") * 10**9
    assert china == 912_631_200
    # 8.8 kg/gal x 100 mile / (29.18 mile/gal x 33.32 kWh); 8.8 x 100 / (29.10 x 31.88): both rounded down.
    level_2 = Fraction("8.8") * 100 / (Fraction("29.18") * Fraction("33.32")) * 10**9
    fast = Fraction("8.8") * 100 / (Fraction("29.10") * Fraction("31.88")) * 10**9
    assert (floor(level_2), floor(fast)) == (905_091_303, 948_574_335)
    owed = {"cn": (912_631_200, 912_631_200), "us": (905_091_303, 948_574_335)}
    for name in rooms.methodology_names():
        told = {(p["name"], p["power_type"]): p["value"] for p in load(name).parameters}
        assert tuple(told["baseline_intensity", power] for power in ("AC", "DC")) == owed[name[:2]]
        assert tuple(told["charger_efficiency", power] for power in ("AC", "DC")) == (1000, 923)


# Every parameter of every version, from its inputs, written here from the papers and not from the derivations.
Inputs = dict[str, Fraction]


def _china(i: Inputs) -> int:
    """kg/kg x kg/L x L per 100 km are kg per 100 km; per kWh of the 100 km; in ug."""
    kg_per_100km = i["gasoline_kgco2_per_kg"] * i["gasoline_kg_per_l"] * i["fuel_l_per_100km"]
    return floor(kg_per_100km / i["electricity_kwh_per_100km"] * 10**9)


def _california(kind: str) -> Callable[[Inputs], int]:
    """kg/gal over mile/gal are kg per mile; a kWh lasts 100 miles over the kWh that these take; in ug."""
    return lambda i: floor(
        i["gasoline_kgco2_per_gal"] / i[f"{kind}_mile_per_gal"] * (100 / i[f"{kind}_kwh_per_100mile"]) * 10**9
    )


PAPER: dict[tuple[str, str, str], Callable[[Inputs], int]] = {
    ("cn_ev_charging", "baseline_intensity", "AC"): _china,
    ("cn_ev_charging", "baseline_intensity", "DC"): _china,
    ("us_ev_charging", "baseline_intensity", "AC"): _california("l2"),
    ("us_ev_charging", "baseline_intensity", "DC"): _california("dcfc"),
    ("cn_ev_charging", "charger_efficiency", "AC"): lambda i: floor(i["charger_efficiency_ac"] * 1000),
    ("cn_ev_charging", "charger_efficiency", "DC"): lambda i: floor(i["charger_efficiency_dc"] * 1000),
    ("us_ev_charging", "charger_efficiency", "AC"): lambda i: floor(i["charger_efficiency_ac"] * 1000),
    ("us_ev_charging", "charger_efficiency", "DC"): lambda i: floor(i["charger_efficiency_dc"] * 1000),
    ("cn_ev_charging", "fallback_window_h", "any"): lambda i: int(i["fallback_window_days"] * 24),
    ("cn_ev_charging", "missing_hour_deadline_s", "any"): lambda i: int(i["missing_hour_deadline_days"] * 24 * 60 * 60),
    ("cn_ev_charging", "retirement_deadline_s", "any"): lambda i: int(i["retirement_deadline_days"] * 24 * 60 * 60),
    ("cn_ev_charging", "certificate_valid_months", "any"): lambda i: int(i["certificate_valid_years"] * 12),
}


def recomputed(version: Methodology) -> list[int]:
    """A parameter that PAPER does not know is a new one: write its formula there, from its source."""
    inputs = {name: Fraction(entry["value"]) for name, entry in version.inputs.items()}
    return [PAPER[version.identity["id"], p["name"], p["power_type"]](inputs) for p in version.parameters]


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_every_parameter_is_what_paper_gives_for_these_inputs_and_for_others(name: str) -> None:
    version = load(name)
    assert [p["value"] for p in version.parameters] == recomputed(version)
    for varied, entry in version.inputs.items():
        is_whole = entry["unit"] in ("day", "year")
        value = f"{entry['value']}{'' if '.' in entry['value'] or is_whole else '.'}37"
        other = version.with_input(varied, value)
        assert [p["value"] for p in other.parameters] == recomputed(other), varied


@pytest.mark.parametrize("name", rooms.methodology_names())
def test_every_parameter_is_what_its_derivation_gives(name: str) -> None:
    version = load(name)
    known = {key: Fraction(entry["value"]) for key, entry in version.inputs.items()}
    assert all(isinstance(entry["value"], str) for entry in version.inputs.values()), (
        "decimal text, no float on the way"
    )
    assert [derive(p["derivation"], known) for p in version.parameters] == [p["value"] for p in version.parameters]


def test_another_input_moves_what_follows_from_it_and_nothing_else() -> None:
    version = load("us_ev_charging@1.0.0").with_input("dcfc_mile_per_gal", "29.18")
    told = {(p["name"], p["power_type"]): p["value"] for p in version.parameters}
    # 880 / (29.18 x 31.88) kg = 0.945973702... kg
    assert told[("baseline_intensity", "DC")] == floor(Fraction(880) / (Fraction("29.18") * Fraction("31.88")) * 10**9)
    assert told[("baseline_intensity", "AC")] == 905_091_303 and told[("charger_efficiency", "DC")] == 923
    with pytest.raises(UsageError, match="has no input 'dcfc_mpg': it has"):
        load("us_ev_charging@1.0.0").with_input("dcfc_mpg", "1")
