"""What lies beside the synthetic sample: manifest.json, expected.json and README.txt, all from what was written."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargeledger.engine import Engine
from chargeledger.sample_grid import grid_defects, midnight

if TYPE_CHECKING:
    from chargeledger.synthetic import Asked

SAYS = (
    "SYNTHETIC. Nothing here was measured: operators, stations, accounts, vehicles, charges, supply and the generation mix are "
    "invented. The operator ids SYNTH0001 to SYNTH0006 and that of the aggregator, SYNTH0009, were made up for this sample; only "
    "the county codes (GB/T 2260) and the names of the grid regions are real."
)
README = """{says}

Written by: chargeledger sample --sessions {sessions} --days {days} --seed {seed} --format {form}{clean}
The same arguments give the same bytes on every machine; so does a longer sample of the grid, which no seed changes.

Folders are named by the source that reads their files, so that this folder can be an inbox.

  {source:22}charge orders, one file per operator and local day of end; *_later files land afterwards
  session_owner_csv     whose the charges are, where the orders do not say it
  station_csv           what a connector is and where; this one is ingested: it tells grid region and metering point
  tcec_station          the same stations as T/CEC 102 tells them; an alternative, not an addition
  enrolment_csv         which accounts take part in cn_green_energy
  delivery_control_csv  what each operator says that it delivered
  grid_mix_csv          hourly generation of the seven grid regions
  later_use             green supply and certificates, which no source reads yet

manifest.json lists the files in the order in which they should land, with rows and a clock for each delivery.
expected.json says what must become of them: rows and fate of each defect, fates per file, and the sessions and energy that stand
in the end. These are the same with and without defects (--clean).

An account may charge at two public connectors at once: who charges there is drawn anew for every charge.
"""


def write_notes(engine: Engine, asked: Asked, folder: Path, files: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the three files into `folder` and return the manifest."""
    arguments = asdict(asked)
    last = midnight(asked.last_day + timedelta(days=1))
    clocks = [_text(last + timedelta(hours=2)), _text(last + timedelta(days=2))]
    manifest = {
        "synthetic": True,
        "says": SAYS,
        "arguments": arguments,
        "sessions_source": asked.source,
        "deliveries": [
            {"at": at, "files": [_entry(file) for file in files if file["delivery"] == number]}
            for number, at in enumerate(clocks, start=1)
        ],
        "at": clocks[-1],
        "for_later_use": [file["path"] for file in files if file["source"] == "later_use"],
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
    ((sessions, energy_wh),) = engine.con.execute(
        "SELECT CAST(sum(sessions) AS BIGINT), CAST(sum(energy_wh) AS BIGINT) FROM true_total"
    ).fetchall()
    last = midnight(asked.last_day + timedelta(days=2))
    grid = {} if asked.clean else grid_defects()
    return {
        "synthetic": True,
        "arguments": asdict(asked),
        "sessions": {"sessions": sessions, "energy_wh": energy_wh},
        "standings": engine.rows(
            "SELECT standing, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh "
            "FROM true_total GROUP BY standing ORDER BY standing"
        ),
        "fates": engine.rows(
            "SELECT issuer, CASE delivery WHEN 'second' THEN NULL ELSE day END AS day, "
            "CASE delivery WHEN 'second' THEN 2 ELSE 1 END AS delivery, fate, CAST(sum(rows_told) AS BIGINT) AS rows, "
            "CAST(sum(energy_wh) AS BIGINT) AS energy_wh FROM told_total GROUP BY ALL ORDER BY ALL"
        ),
        "defects": _defects(engine),
        "control_totals": {} if asked.clean else _control(engine),
        "grid": {name: told for name, told in grid.items() if datetime.fromisoformat(told["hour_start"]) < last},
        "files": {file["path"]: file["rows"] for file in files},
    }


def _defects(engine: Engine) -> dict[str, Any]:
    """Of every defect: the rows that show it, the orders that they tell of, their fate at landing, and the state in the end."""
    rows = engine.rows(
        """SELECT d.defect, d.says, t.fate, d.state, CAST(sum(t.rows_told) AS BIGINT) AS rows, CAST(sum(t.orders) AS BIGINT) AS orders,
        CAST(sum(t.energy_wh) AS BIGINT) AS energy_wh
        FROM defect AS d JOIN told_total AS t ON t.defect = d.defect GROUP BY ALL ORDER BY d.defect"""
    )
    return {str(row.pop("defect")): row for row in rows}


def _control(engine: Engine) -> dict[str, Any]:
    """Where the control totals are not what was sent, and by how much."""
    ((first_issuer, first_day, region, last_day, last_operator),) = engine.con.execute(
        """SELECT min(issuer), min(day), (SELECT min(region) FROM control_total AS c WHERE c.issuer = min(t.issuer) AND c.day = min(t.day)),
        max(day), (SELECT max(operator_id) FROM invented_operator) FROM control_total AS t"""
    ).fetchall()
    return {
        "left_out": {"operator": last_operator, "day": last_day},
        "overstated": {
            "operator": first_issuer,
            "day": first_day,
            "region": region,
            "sessions": 5,
            "energy_wh": 100_000,
        },
    }


def _text(instant: datetime) -> str:
    return instant.isoformat()


def _write(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
