"""What lies beside the synthetic sample: manifest.json, expected.json and README.txt, all from what was written."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargeledger import rooms
from chargeledger.engine import Engine
from chargeledger.sample_grid import grid_defects, midnight

if TYPE_CHECKING:
    from chargeledger.synthetic import Asked

SAMPLE_SQL = rooms.TRANSFORMS / "sample"
SAYS = (
    "SYNTHETIC. Nothing here was measured: operators, stations, accounts, vehicles, charges, supply and the generation mix are "
    "invented. The operator ids SYNTH0001 to SYNTH0006 and that of the aggregator, SYNTH0009, were made up for this sample; only "
    "the county codes (GB/T 2260) and the names of the grid regions are real."
)
README = """{says}

Written by: chargeledger sample --sessions {sessions} --days {days} --seed {seed} --format {form}{clean}
The same arguments give the same bytes on every machine. No seed changes the grid.

Folders are named by the source that reads their files, so that this folder can be an inbox.

  {source:22}charge orders, one file per operator and local day of end; *_later files land afterwards
  session_owner_csv     whose the charges are, where the orders do not say it
  station_csv           what a connector is and where; this one is ingested: it tells grid region and metering point
  tcec_station          the same stations as T/CEC 102 tells them; an alternative, not an addition
  enrolment_csv         which accounts take part in cn_green_energy
  delivery_control_csv  what each operator says that it delivered
  grid_mix_csv          hourly generation of the seven grid regions
  green_supply_csv      hours of PV and batteries at stations, and of contracts of operators and of cn_green_energy
  certificate_csv       certificates of the contracts as issued; the *_later file lands afterwards and tells which are retired

manifest.json lists the files in the order in which they should land, with rows and a clock for each delivery.
expected.json says what must become of them: rows and fate of each defect, fates per file, and the sessions and energy that stand
in the end. These are the same with and without defects (--clean).

An account may charge at two public connectors at once: who charges there is drawn anew for every charge.
"""


def write_notes(engine: Engine, asked: Asked, folder: Path, files: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the three files into `folder` and return the manifest."""
    arguments = asdict(asked)
    last = midnight(asked.last_day + timedelta(days=1))
    clocks = [last + timedelta(hours=2), last + timedelta(days=2)]
    manifest = {
        "synthetic": True,
        "says": SAYS,
        "arguments": arguments,
        "sessions_source": asked.source,
        "deliveries": [
            {"at": at.isoformat(), "files": [_entry(file) for file in files if file["delivery"] == number]}
            for number, at in enumerate(clocks, start=1)
        ],
        "at": clocks[-1].isoformat(),
        "not_ingested": [file["path"] for file in files if file["source"] == "tcec_station"],
    }
    _write(folder / "manifest.json", manifest)
    _write(folder / "expected.json", _expected(engine, asked, files))
    told = {"says": SAYS, "source": asked.source, **arguments, "clean": " --clean" if asked.clean else ""}
    (folder / "README.txt").write_text(README.format(**told), encoding="utf-8")
    return manifest


def _entry(file: dict[str, Any]) -> dict[str, Any]:
    return {name: file[name] for name in ("path", "source", "rows")}


def _expected(engine: Engine, asked: Asked, files: list[dict[str, Any]]) -> dict[str, Any]:
    """What must become of what was written."""
    standings, last = _rows(engine, "expected_standing"), midnight(asked.last_day + timedelta(days=2))
    grid = {} if asked.clean else grid_defects()
    return {
        "synthetic": True,
        "arguments": asdict(asked),
        "sessions": {name: sum(int(row[name]) for row in standings) for name in ("sessions", "energy_wh")},
        "standings": standings,
        "fates": _rows(engine, "expected_fate"),
        "defects": {row["defect"]: row for row in _rows(engine, "expected_defect")},
        "control_totals": _rows(engine, "control_deviation"),
        "grid": {name: told for name, told in grid.items() if datetime.fromisoformat(told["hour_start"]) < last},
        "files": {file["path"]: file["rows"] for file in files},
    }


def _rows(engine: Engine, relation: str) -> list[dict[str, Any]]:
    return engine.rows((SAMPLE_SQL / f"{relation}.sql").read_text(encoding="utf-8"))


def _write(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
