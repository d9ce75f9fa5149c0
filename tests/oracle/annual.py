"""Expected amounts of cn_ev_charging 1.x (annual average grid factor, location based) for one session.

After VM0038 v1.0, equations 1, 4 and 10: ER = ED x b - EC x EF. 1 Wh x 1 ug/kWh = 1 ng, so the product needs
no conversion. Numbers are exact fractions until the one rounding that the methodology allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, floor

UG_PER_KG = 10**9
NG_PER_G = 10**9

# Official national averages, kg CO2/kWh, by version (notices of MEE and NBS: 2024/12 with data of 2021,
# 2024/33 with 2022, 2025/47 with 2023).
NATIONAL_KG_PER_KWH = {"1.0.0": Fraction("0.5568"), "1.1.0": Fraction("0.5366"), "1.2.0": Fraction("0.5306")}

# Electricity delivered by a DC charger per electricity drawn, VM0038 v1.0. An AC one delivers what it draws.
DC_EFFICIENCY = Fraction("0.923")


@dataclass(frozen=True)
class Amounts:
    """What one session comes to: energy delivered, emissions and signed reductions (ng CO2), points (g)."""

    energy_wh: int
    baseline_emissions_ng: int
    project_emissions_ng: int
    emission_reductions_ng: int
    points: int


@cache
def cn_baseline_ug_per_kwh() -> int:
    """Baseline of the light-duty gasoline car per kWh delivered, rounded down to the ug/kWh.

    2.9251 kg CO2/kg (published Chinese default) x 0.720 kg/L (lower bound of GB 17930) x 6.5 L/100 km
    / 15.0 kWh/100 km; the last two are provisional.
    """
    kg_per_kwh = Fraction("2.9251") * Fraction("0.720") * Fraction("6.5") / Fraction("15.0")
    return floor(kg_per_kwh * UG_PER_KG)


def national_intensity_ug_per_kwh(version: str) -> int:
    """National average grid factor of a version of cn_ev_charging, rounded up to the ug/kWh."""
    return ceil(NATIONAL_KG_PER_KWH[version] * UG_PER_KG)


def delivered_and_draw(
    power_type: str, metering_point: str, dc_efficiency: Fraction = DC_EFFICIENCY
) -> tuple[Fraction, Fraction]:
    """Electricity delivered and electricity drawn, each per unit of the meter's reading.

    A DC charger of which nobody knows where the meter sits is read as metered at its AC input.
    """
    if power_type == "AC":
        return Fraction(1), Fraction(1)
    if metering_point == "dc_output":
        return Fraction(1), 1 / dc_efficiency
    return dc_efficiency, Fraction(1)


def settled(energy_wh: int, project_ng: Fraction, baseline_ug_per_kwh: int) -> Amounts:
    """Amounts of one session from what it delivered and its exact project emissions, which are rounded up here."""
    baseline_ng = energy_wh * baseline_ug_per_kwh
    reductions_ng = baseline_ng - ceil(project_ng)
    return Amounts(energy_wh, baseline_ng, ceil(project_ng), reductions_ng, max(0, reductions_ng // NG_PER_G))


def amounts(
    hours: Iterable[tuple[int, int]],
    power_type: str,
    metering_point: str,
    baseline_ug_per_kwh: int,
    dc_efficiency: Fraction = DC_EFFICIENCY,
) -> Amounts:
    """Amounts of one session from its hours: (reading in Wh, intensity in ug/kWh) each.

    Roundings, once per session: energy delivered and baseline down, project emissions up, points down and not
    below zero. Energy drawn is never rounded.
    """
    parts = list(hours)
    delivered, drawn = delivered_and_draw(power_type, metering_point, dc_efficiency)
    energy_wh = floor(sum(reading_wh for reading_wh, _ in parts) * delivered)
    project_ng = sum(reading_wh * ug_per_kwh for reading_wh, ug_per_kwh in parts) * drawn
    return settled(energy_wh, project_ng, baseline_ug_per_kwh)


def cn_ev_charging(reading_wh: int, power_type: str, metering_point: str, version: str) -> Amounts:
    """Amounts of one session under cn_ev_charging 1.0.0, 1.1.0 or 1.2.0; the reading is in Wh."""
    hours = [(reading_wh, national_intensity_ug_per_kwh(version))]
    return amounts(hours, power_type, metering_point, cn_baseline_ug_per_kwh())
