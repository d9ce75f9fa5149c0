"""Expected result of us_ev_charging 1.0.0 in us_california, from the two files as delivered.

Sessions: california_ev_sessions.csv, UTC without zone, kWh. Grid: CISO_direct_emissions.csv, MWh by UTC hour.
After VM0038 v1.0, equations 1, 5 and 6. 1 Wh x 1 ug/kWh = 1 ng. us_california has no reward rules.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
NG_PER_G = 10**9
UG_PER_G = 10**6
UG_PER_KG = 10**9
SessionAmounts = tuple[int | None, int | None, int | None, int | None, int | None]
NO_AMOUNTS: SessionAmounts = (None, None, None, None, None)
PROGRAMME_ZONE = ZoneInfo("America/Los_Angeles")

# Direct emission factors, g CO2/kWh (Electricity Maps defaults), by column of the grid file.
FACTOR_G_PER_KWH = {"coal": 760, "nat_gas": 370, "oil": 406, "other": 575}
FACTOR_G_PER_KWH |= {"nuclear": 0, "hydro": 0, "solar": 0, "wind": 0}


@dataclass(frozen=True)
class HourIntensity:
    """One hour of the grid: intensity rounded up to the ug/kWh, the same unrounded, the file's own figure."""

    intensity_ug_per_kwh: int
    exact_g_per_kwh: Fraction
    file_g_per_kwh: Fraction


@dataclass(frozen=True)
class ExpectedSession:
    """One row of the sessions file. While it awaits the grid, everything that needs a factor is None."""

    order: str
    user: str
    vintage: date
    reading_wh: int
    energy_wh: int | None
    baseline_emissions_ng: int | None
    project_emissions_ng: int | None
    emission_reductions_ng: int | None
    points: int | None
    awaiting_grid: bool
    reading_wh_by_hour: dict[datetime, int]


def baseline_ug_per_kwh(kwh_per_100_mile: str, mile_per_gal: str) -> int:
    """Gasoline displaced per kWh delivered, rounded down to the ug/kWh; 8.8 kg CO2/gal (VM0038 v1.0).

    A kWh drives 100 / kwh_per_100_mile miles; each mile takes 1 / mile_per_gal gallons.
    """
    kg_per_kwh = Fraction("8.8") * 100 / (Fraction(kwh_per_100_mile) * Fraction(mile_per_gal))
    return floor(kg_per_kwh * UG_PER_KG)


BASELINE_AC_UG_PER_KWH = baseline_ug_per_kwh("33.32", "29.18")
BASELINE_DC_UG_PER_KWH = baseline_ug_per_kwh("31.88", "29.10")


def _utc(text: str) -> datetime:
    """An instant of either file; one without a zone is UTC."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _rows(path: str | Path) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def intensity_by_hour(grid_path: str | Path) -> dict[datetime, HourIntensity]:
    """Intensity of every hour of the grid file, by the UTC start of the hour.

    The mean of the factors, weighted by generation; a negative source counts as none, and an hour without
    generation is left out.
    """
    found: dict[datetime, HourIntensity] = {}
    for row in _rows(grid_path):
        generation = {source: max(Fraction(0), Fraction(row[source])) for source in FACTOR_G_PER_KWH}
        total = sum(generation.values(), Fraction(0))
        if total == 0:
            continue
        hour = _utc(row["UTC time"])
        if hour in found:
            raise ValueError(f"hour told twice: {hour.isoformat()}")
        weighted = sum((mwh * FACTOR_G_PER_KWH[source] for source, mwh in generation.items()), Fraction(0))
        exact = weighted / total
        found[hour] = HourIntensity(ceil(exact * UG_PER_G), exact, Fraction(row["carbon_intensity"]))
    return found


def split_by_hour(reading_wh: int, started_at: datetime, ended_at: datetime) -> dict[datetime, int]:
    """The reading in Wh by UTC hour, in proportion to time over the half-open window [started_at, ended_at).

    An hour gets the floor of the cumulative reading at its end less that at its start, so the sum is exact.
    """
    window_s = (ended_at - started_at) // SECOND
    parts: dict[datetime, int] = {}
    hour = started_at.replace(minute=0, second=0, microsecond=0)
    before_wh = 0
    while hour < ended_at:
        elapsed_s = (min(hour + HOUR, ended_at) - started_at) // SECOND
        until_wh = floor(Fraction(reading_wh * elapsed_s, window_s))
        parts[hour] = until_wh - before_wh
        before_wh = until_wh
        hour += HOUR
    return parts


def _amounts(reading_wh: int, parts: Mapping[datetime, int], grid: Mapping[datetime, HourIntensity]) -> SessionAmounts:
    """Energy delivered (Wh), baseline, project and reduced emissions (ng), points (g).

    AC: delivered = drawn = the reading. The factors are whole ug/kWh, so only the points are rounded.
    """
    baseline_ng = reading_wh * BASELINE_AC_UG_PER_KWH
    project_ng = sum(wh * grid[hour].intensity_ug_per_kwh for hour, wh in parts.items())
    reductions_ng = baseline_ng - project_ng
    return reading_wh, baseline_ng, project_ng, reductions_ng, max(0, reductions_ng // NG_PER_G)


def assess(row: Mapping[str, str], grid: Mapping[datetime, HourIntensity]) -> ExpectedSession:
    """One row of the sessions file; with one hour missing in the grid the whole session waits."""
    started_at, ended_at = _utc(row["ChargingStartDateTime"]), _utc(row["ChargingEndDateTime"])
    if ended_at <= started_at:
        raise ValueError(f"{row['Session']}: the charging window has no length")
    reading_wh = floor(Fraction(row["Energy"]) * 1000)
    parts = split_by_hour(reading_wh, started_at, ended_at)
    vintage = ended_at.astimezone(PROGRAMME_ZONE).date()
    awaiting_grid = not parts.keys() <= grid.keys()
    amounts = NO_AMOUNTS if awaiting_grid else _amounts(reading_wh, parts, grid)
    return ExpectedSession(row["Session"], row["UserID"], vintage, reading_wh, *amounts, awaiting_grid, parts)


def sessions(sessions_path: str | Path, grid_path: str | Path) -> Iterator[ExpectedSession]:
    """Every session of the file, in the file's order, assessed or awaiting the grid."""
    grid = intensity_by_hour(grid_path)
    for row in _rows(sessions_path):
        yield assess(row, grid)
