"""The grid half of the built-in synthetic sample: an invented hourly generation mix for seven regions.

Every figure comes from a formula and a hash. None is a measurement, and no real grid is described.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving time there
GRID_FROM = datetime(2026, 3, 8, 12, tzinfo=UTC)
GRID_UNTIL = datetime(2026, 3, 12, 12, tzinfo=UTC)

SOURCES = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
GRID_COLUMNS = ("region", "hour_start", *(f"{source}_mwh" for source in SOURCES))

# Invented. First the mean demand of an hour in MWh, then by source, per mille of it: for coal the least it
# runs at (it fills what the others leave), for solar the peak, for the others the mean. None: not told.
_TABLE: dict[str, tuple[int | None, ...]] = {
    #                   demand  coal  gas   oil nuclear hydro wind solar biomass geothermal unknown
    "CN-GRID-NORTH":   (180_000, 300,  30, None,   15,   15,  130,  260,   20,      None,     10),
    "CN-GRID-NE":      ( 55_000, 280, None, None,  50,   30,  220,  150,   35,      None,      5),
    "CN-GRID-EAST":    (240_000, 260,  80,    2,   90,   40,   70,  280,   20,      None,     10),
    "CN-GRID-CENTRAL": (140_000, 240,  20, None, None,  230,   80,  220,   20,      None,      5),
    "CN-GRID-NW":      (120_000, 200,  10, None, None,  130,  200,  400, None,      None,      5),
    "CN-GRID-SOUTH":   (190_000, 180,  90,    1,  110,  230,   80,  160,   25,      None,      5),
    "CN-GRID-SW":      ( 70_000,  40,  20, None, None,  640,   50,   70,   10,         1,      5),
}  # fmt: skip
PROFILES = {
    region: {column: value for column, value in zip(("base_mwh", *SOURCES), row, strict=True) if value is not None}
    for region, row in _TABLE.items()
}
REGIONS = tuple(PROFILES)

# Demand by local hour, per mille of the mean: low at night, high in the evening.
DEMAND_PER_MILLE = (
    780, 750, 730, 720, 725, 755, 825, 900, 970, 1020, 1040, 1050,
    1030, 1020, 1020, 1020, 1030, 1060, 1110, 1130, 1100, 1030, 940, 850,
)  # fmt: skip
SOLAR_DELAY_H = {"CN-GRID-NW": 2, "CN-GRID-SW": 1}  # the sun is later in the west of the one time zone

PUMPING_HOUR = ("CN-GRID-EAST", datetime(2026, 3, 9, 19, tzinfo=UTC))
MISSING_HOUR = ("CN-GRID-NW", datetime(2026, 3, 10, 12, tzinfo=UTC))
DUPLICATE_HOUR = ("CN-GRID-SOUTH", datetime(2026, 3, 11, 2, tzinfo=UTC))

# Each oddity of the grid files: where it is, how many rows it concerns, and what must become of them.
GRID_DEFECTS: dict[str, tuple[tuple[str, datetime], int, str]] = {
    "pumped_storage": (PUMPING_HOUR, 1, "accepted"),  # negative hydro: not a source, counts as 0
    "missing_hour": (MISSING_HOUR, 0, "missing"),  # waits or is estimated, as the methodology says
    "duplicate_hour": (DUPLICATE_HOUR, 1, "duplicate"),
}


def draw(below: int, *key: object) -> int:
    """An integer from 0 up to, not including, `below`: always the same one for the same key."""
    text = "|".join(("chargeledger synthetic sample", *map(str, key)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def decimal_text(thousandths: int, decimals: int = 3) -> str:
    """A count of thousandths as decimal text with one to three decimals; it must fit exactly."""
    whole, rest = divmod(abs(thousandths), 1000)
    digits = f"{rest:03d}"
    if digits[decimals:].strip("0"):
        raise ValueError(f"{thousandths} thousandths need more than {decimals} decimals")
    return f"{'-' if thousandths < 0 else ''}{whole}.{digits[:decimals]}"


def midnight(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), SHANGHAI)


def write_grid(
    out: Path, since: datetime = GRID_FROM, until: datetime = GRID_UNTIL, with_defects: bool = True
) -> tuple[list[Path], int]:
    """Write one grid mix file per region into `out`; return the paths and the number of rows."""
    paths, rows = [], 0
    for region in REGIONS:
        lines = _lines(region, since.astimezone(UTC), until.astimezone(UTC), with_defects)
        path = out.joinpath(f"synthetic_grid_mix_{region}.csv")
        path.write_bytes("".join(f"{line}\n" for line in (",".join(GRID_COLUMNS), *lines)).encode())
        paths.append(path)
        rows += len(lines)
    return paths, rows


def grid_defects() -> dict[str, dict[str, Any]]:
    """The declared oddities of the grid files, with region, hour, rows and expected fate."""
    return {
        name: {"region": region, "hour_start": hour.isoformat(), "rows": rows, "fate": fate}
        for name, ((region, hour), rows, fate) in GRID_DEFECTS.items()
    }


def _lines(region: str, since: datetime, until: datetime, with_defects: bool) -> list[str]:
    lines = []
    for hour in (since + timedelta(hours=n) for n in range((until - since) // timedelta(hours=1))):
        if with_defects and (region, hour) == MISSING_HOUR:
            continue
        mix = _mix_kwh(region, hour, is_pumping=with_defects and (region, hour) == PUMPING_HOUR)
        told = (decimal_text(mix[source]) if source in mix else "" for source in SOURCES)
        line = ",".join((region, hour.isoformat(), *told))
        lines += [line, line] if with_defects and (region, hour) == DUPLICATE_HOUR else [line]
    return lines


def _mix_kwh(region: str, hour: datetime, is_pumping: bool) -> dict[str, int]:
    """Generation of one hour by source, in whole kWh, which are thousandths of a MWh."""
    profile = PROFILES[region]
    base_mwh = profile["base_mwh"]
    mix = {source: base_mwh * _per_mille(region, source, hour) for source in SOURCES[1:] if source in profile}
    demand_kwh = base_mwh * DEMAND_PER_MILLE[hour.astimezone(SHANGHAI).hour]
    mix["coal"] = max(demand_kwh - sum(mix.values()), base_mwh * profile["coal"]) + draw(1000, region, hour)
    if is_pumping:
        mix["hydro"] = -mix["hydro"]
    return {source: kwh - kwh % 5 for source, kwh in mix.items()}  # a meter that counts in steps of 5 kWh


def _per_mille(region: str, source: str, hour: datetime) -> int:
    """What a source other than coal gives in one hour, per mille of the region's mean demand."""
    mean = PROFILES[region][source]
    local_hour = hour.astimezone(SHANGHAI).hour
    jitter = draw(100, region, source, hour)
    if source == "solar":
        half_hours = 2 * (local_hour - SOLAR_DELAY_H.get(region, 0)) + 1  # the middle of the hour
        daylight = max(0, (half_hours - 12) * (36 - half_hours))  # 06:00 to 18:00, at most 12 * 12
        return mean * daylight * (900 + jitter) // (144 * 1000)
    if source == "wind":
        night = 150 if local_hour < 7 else 0
        return mean * (800 + night + 4 * jitter) // 1000
    if source in ("hydro", "gas"):  # they follow demand
        return mean * DEMAND_PER_MILLE[local_hour] * (950 + jitter) // (1000 * 1000)
    return mean
