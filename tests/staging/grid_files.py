"""Small files of the other grid sources, written by hand: a sound row of each, and what a test changes in it."""

from __future__ import annotations

from pathlib import Path

from tests.staging.canonical_files import Row, csv_text, grid_row

MIX = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
DIRECT, LIFE_CYCLE = "Carbon intensity gCO₂eq/kWh (direct)", "Carbon intensity gCO₂eq/kWh (Life cycle)"
PART = {"region": "CN-GRID-EAST", "part_start": "", **{f"{s}_mwh": "" for s in MIX}, "is_estimated": ""}
SOUND: dict[str, Row] = {
    "grid_mix_csv": grid_row() | {"is_estimated": ""},
    "grid_mix_share_csv": {"region": "CN-GRID-EAST", "hour_start": "2026-03-10T01:00:00Z"}
    | {f"{s}_share": "" for s in MIX}
    | {"coal_share": "0.25", "hydro_share": "0.75", "is_estimated": ""},
    "grid_mix_15min_csv": PART | {"coal_mwh": "25", "hydro_mwh": "75"},
    "grid_mix_30min_csv": PART | {"coal_mwh": "25", "hydro_mwh": "75"},
    "norway_intensity_csv": {
        "Datetime (UTC)": "2026-03-10 01:00:00",
        "Zone id": "NO",
        DIRECT: "3.07",
        LIFE_CYCLE: "27.52",
        "Data estimated": "False",
    },
    "cn_factor_csv": {"data_year": "2023", "code": "CN", "kind": "avg", "kgco2_per_kwh": "0.5306"},
}


def row(source: str, told: Row | None = None, **more: str) -> Row:
    """The sound row of a source with other values."""
    change = (told or {}) | more
    if unknown := set(change) - set(SOUND[source]):
        raise KeyError(f"no such column: {unknown}")
    return SOUND[source] | change


def parts(source: str, hour: str, *changes: Row, zone: str = "Z") -> list[Row]:
    """The parts of an hour such as 2026-03-10T01, each with a change of its own; without changes, all of them sound."""
    step = int(source.removeprefix("grid_mix_").removesuffix("min_csv"))
    changes = changes or ({},) * (60 // step)
    starts = [f"{hour}:{minute:02d}:00{zone}" for minute in range(0, 60, step)]
    return [row(source, {"part_start": start} | change) for start, change in zip(starts, changes, strict=True)]


def write(path: Path, source: str, *rows: Row) -> str:
    """Write rows in the format of a source and return the path."""
    path.write_text(csv_text(SOUND[source], rows), encoding="utf-8")
    return str(path)
