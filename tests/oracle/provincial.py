"""Expected amounts of cn_ev_charging 1.3.0: annual average factor of the province, 2023, location based.

The province is told by the first two digits of the county code (GB/T 2260). The national factor stands in for a known
province without a published one, which is Tibet alone. Without a code, or with one of no province that the official
table could have (Hong Kong, Macao and Taiwan have grids of their own), the session awaits its station.
"""

from fractions import Fraction
from math import ceil

from tests.oracle import annual
from tests.oracle.annual import UG_PER_KG, Amounts
from tests.oracle.given import Given

# kg CO2/kWh, data of 2023 (MEE and NBS, notice 2025/47 of 2025-12-31), by the digits and the code of the province.
PROVINCES = {
    "11": ("CN-BJ", "0.5554"),
    "12": ("CN-TJ", "0.6796"),
    "13": ("CN-HE", "0.6516"),
    "14": ("CN-SX", "0.6634"),
    "15": ("CN-NM", "0.6479"),
    "21": ("CN-LN", "0.4878"),
    "22": ("CN-JL", "0.4671"),
    "23": ("CN-HL", "0.5229"),
    "31": ("CN-SH", "0.5737"),
    "32": ("CN-JS", "0.5827"),
    "33": ("CN-ZJ", "0.4974"),
    "34": ("CN-AH", "0.6553"),
    "35": ("CN-FJ", "0.4211"),
    "36": ("CN-JX", "0.5836"),
    "37": ("CN-SD", "0.6191"),
    "41": ("CN-HA", "0.5897"),
    "42": ("CN-HB", "0.4044"),
    "43": ("CN-HN", "0.4976"),
    "44": ("CN-GD", "0.4419"),
    "45": ("CN-GX", "0.4476"),
    "46": ("CN-HI", "0.3648"),
    "50": ("CN-CQ", "0.5581"),
    "51": ("CN-SC", "0.1564"),
    "52": ("CN-GZ", "0.5683"),
    "53": ("CN-YN", "0.1333"),
    "61": ("CN-SN", "0.6335"),
    "62": ("CN-GS", "0.4471"),
    "63": ("CN-QH", "0.1796"),
    "64": ("CN-NX", "0.6187"),
    "65": ("CN-XJ", "0.6021"),
}
WITHOUT_FACTOR = {"54": ("CN", "0.5306")}  # Tibet: the national average


def factor(county_code: str | None) -> tuple[str, int] | None:
    """Code and intensity (ug/kWh) of the factor for a county, or None where no province is known."""
    told = (PROVINCES | WITHOUT_FACTOR).get((county_code or "")[:2])
    return (told[0], ceil(Fraction(told[1]) * UG_PER_KG)) if told else None


def cn_ev_charging(reading_wh: int, power_type: str, metering_point: str, county_code: str | None) -> Amounts | None:
    """Amounts of one session, or None while it awaits its station."""
    told = factor(county_code)
    if told is None:
        return None
    baseline = annual.cn_baseline_ug_per_kwh()
    return annual.amounts([(reading_wh, told[1])], power_type, metering_point, baseline)


def assess(given: Given) -> dict[str, Amounts | None]:
    """Every session, by its id."""
    return {
        each.session_id: cn_ev_charging(each.reading_wh, each.power_type, each.metering_point, each.county_code)
        for each in given.sessions
    }
