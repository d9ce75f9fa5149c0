"""A source is data: two files and no Python make the project read a format that it has never seen."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from deltalake import DeltaTable

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = """
apiVersion: v3.1.0
kind: DataContract
id: car_park_csv
name: car_park_csv
version: 1.0.0
status: active
description:
  purpose: "Charges of a car park, as its barrier system exports them."
schema:
  - name: car_park_csv
    physicalType: file
    description: one row per charge
    properties:
      - {name: Ticket, logicalType: string, physicalType: text, required: true, description: "order number"}
      - {name: In, logicalType: string, physicalType: text, required: true, description: "start, local time"}
      - {name: Out, logicalType: string, physicalType: text, required: true, description: "end, local time"}
      - {name: kWh, logicalType: string, physicalType: text, required: true, description: "energy"}
customProperties:
  - {property: reader, value: {format: csv, delimiter: "|", quote: '"'}}
  - {property: relations, value: [charging_session]}
  - {property: issuer, value: Car-Park}
  - {property: zone, value: Asia/Shanghai}
  - {property: units, value: {kWh: kWh}}
  - {property: identity, value: {}}
  - {property: constants, value: {region: CN-GRID-EAST}}
"""
SQL = """-- Charges of the car park, one row per row of the file: times are local, energy in kWh.
SELECT
  r.row_number,
  upper(c.issuer) || ':' || upper(told(r."Ticket"))           AS session_id,
  upper(c.issuer)                                             AS issuer,
  c.region                                                    AS region,
  CAST(NULL AS VARCHAR)                                       AS station_id,
  'AC'                                                        AS power_type,
  'ac_input'                                                  AS metering_point,
  CAST(NULL AS BIGINT)                                        AS rated_w,
  local_text_to_instant(r."In", '%d.%m.%Y %H:%M', c.zone)     AS started_at,
  local_text_to_instant(r."Out", '%d.%m.%Y %H:%M', c.zone)    AS ended_at,
  kwh_text_to_wh(r."kWh")                                     AS reading_wh,
  CAST(NULL AS TIMESTAMPTZ)                                   AS revised_at,
  CAST(NULL AS VARCHAR)                                       AS revised_at_text,
  CAST(NULL AS VARCHAR)                                       AS rated_power_text
FROM landed_row AS r
CROSS JOIN source_constant AS c
"""
# The last row has an energy that nobody can read; 1 of 11 is below a tenth.
ROWS = [f"09.03.2026 0{n}:00|09.03.2026 0{n}:30|t{n}|yes|3.{n}009" for n in range(10)]
FILE = "\n".join(["In|Out|Ticket|Paid|kWh", *ROWS, "09.03.2026 10:00|09.03.2026 10:30|t10|no|much", ""])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of its own: the package and the data folders."""
    for folder in ("chargeledger", "methodology", "transforms", "data_contracts"):
        shutil.copytree(ROOT / folder, tmp_path / "copy" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=env, capture_output=True, text=True, timeout=120)


def python_of(copy: Path) -> dict[str, str]:
    files = sorted((copy / "chargeledger").rglob("*.py"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_files_make_a_source(copy: Path, lake: str, tmp_path: Path) -> None:
    landing = tmp_path / "export.txt"
    landing.write_text(FILE, encoding="utf-8")
    where = run(copy, "-c", "import chargeledger.rooms as r; print(r.ROOT)").stdout.strip()
    assert where == str(copy), "the copy runs, not the checkout"
    ingest = (
        "-m",
        "chargeledger.cli",
        "ingest",
        "car_park_csv",
        str(landing),
        "--lake",
        lake,
        "--at",
        "2026-03-10T00:00:00Z",
    )
    unknown = run(copy, *ingest)
    assert unknown.returncode == 2 and "unknown source 'car_park_csv'" in unknown.stderr

    before = python_of(copy)
    (copy / "data_contracts" / "sources" / "car_park_csv.yaml").write_text(DEFINITION, encoding="utf-8")
    (copy / "transforms" / "sources" / "car_park_csv").mkdir()
    (copy / "transforms" / "sources" / "car_park_csv" / "charging_session.sql").write_text(SQL, encoding="utf-8")
    done = run(copy, *ingest)
    assert done.returncode == 0, done.stderr
    assert python_of(copy) == before == python_of(ROOT)

    rows = sorted(
        DeltaTable(f"{lake}/staged/charging_session").to_pyarrow_table().to_pylist(), key=lambda r: r["session_id"]
    )
    assert [row["session_id"] for row in rows] == [f"CAR-PARK:T{n}" for n in range(10)]
    # 3.7009 kWh are 3,700.9 Wh, floored to 3,700; 07:00 in Shanghai is 23:00 UTC of the day before.
    assert rows[7]["reading_wh"] == 3700
    assert rows[7]["started_at"].isoformat() == "2026-03-08T23:00:00+00:00"
    (quarantined,) = DeltaTable(f"{lake}/staged/quarantine").to_pyarrow_table().to_pylist()
    assert (quarantined["row_number"], quarantined["rule"]) == (11, "energy_readable")


@pytest.fixture(scope="module")
def chapter() -> str:
    """The chapter "Add a source" of the README."""
    return (ROOT / "README.md").read_text(encoding="utf-8").partition("## Add a source\n")[2].partition("\n## ")[0]


def blocks(chapter: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    return [text for said, text in found if said == language]


def path_of(chapter: str, block: str) -> str:
    """The last file named before a block."""
    return re.findall(r"`([\w./]+\.(?:csv|yaml|sql))`", chapter.partition(block)[0])[-1]


def bare(sql: str) -> str:
    return re.sub(r"\s*--[^\n]*", "", sql).strip()


def said_by(text: str) -> tuple[list[str], dict[str, object]]:
    """Columns of a definition, and its properties without those that only a person can answer."""
    document = yaml.safe_load(text)
    custom = {item["property"]: item["value"] for item in document["customProperties"]}
    answered = {"issuer", "zone", "constants"}
    return [p["name"] for p in document["schema"][0]["properties"]], {
        k: v for k, v in custom.items() if k not in answered
    }


def test_the_chapter_of_the_readme_does_what_it_says(chapter: str, copy: Path) -> None:
    """Its file, its two definitions and its commands, in its order; the draft differs from them by answers alone."""
    (file,), (definition,), (sql,) = (blocks(chapter, language) for language in ("csv", "yaml", "sql"))
    (copy / path_of(chapter, file)).write_text(file, encoding="utf-8")
    draft, try_, ingest = (shlex.split(line) for block in blocks(chapter, "") for line in block.splitlines())
    assert [command[:3] for command in (draft, try_)] == [
        ["chargeledger", "source", "draft"],
        ["chargeledger", "source", "try"],
    ]

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        assert words[0] == "chargeledger"
        return run(copy, "-m", "chargeledger.cli", *words[1:])

    before = python_of(copy)
    drafted = command(*draft)
    assert drafted.returncode == 0, drafted.stderr
    definition_path, sql_path = copy / path_of(chapter, definition), copy / path_of(chapter, sql)
    assert said_by(definition_path.read_text(encoding="utf-8")) == said_by(definition)
    assert bare(sql_path.read_text(encoding="utf-8")) == bare(sql)
    asking = command(*try_)
    assert asking.returncode == 1 and "still asks for region, power_type, metering_point, zone, issuer" in asking.stderr

    definition_path.write_text(definition, encoding="utf-8")
    sql_path.write_text(sql, encoding="utf-8")
    tried = command(*try_)
    assert tried.returncode == 0, tried.stderr
    assert "The file would be staged. Nothing has landed." in tried.stdout
    assert not (copy / "lake").exists()
    done = command(*ingest)
    assert done.returncode == 0, done.stderr
    assert "staged  car_park.csv: 3 rows, 3 accepted" in done.stderr
    assert python_of(copy) == before
    rows = DeltaTable(str(copy / "lake" / "staged" / "charging_session")).to_pyarrow_table().to_pylist()
    told = {row["session_id"]: (row["station_id"], row["reading_wh"], row["ended_at"].isoformat()) for row in rows}
    # 3,7009 kWh are 3,700.9 Wh, floored; ten past midnight in Shanghai is 16:10 UTC of the day before.
    assert told == {
        "CAR-PARK:T-0001": ("P1", 3_700, "2026-03-08T23:30:00+00:00"),
        "CAR-PARK:T-0002": ("P2", 11_250, "2026-03-09T01:10:00+00:00"),
        "CAR-PARK:T-0003": ("P1", 5_000, "2026-03-13T16:10:00+00:00"),
    }
