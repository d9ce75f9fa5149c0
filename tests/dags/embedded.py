"""An Airflow of the test's own: its home, its key, and the main job run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb

DAGS = Path(__file__).resolve().parents[2] / "dags"


def airflow_env(home: Path) -> dict[str, str]:
    """The environment of a process that finds nothing of the person's who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CHARGELEDGER"))}
    return kept | {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "CHARGELEDGER_PSEUDONYM_KEY": "ab" * 32,
        "XDG_CONFIG_HOME": str(home / "config"),
    }


def main_job(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the main job on the lake of this home."""
    return _run(home, str(DAGS / "main_job.py"), "--lake", str(home / "lake"), *arguments)


def airflow(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Airflow's own command line in this home."""
    return _run(home, "-m", "airflow", *arguments)


def _run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=airflow_env(home), cwd=home, capture_output=True, text=True, check=False, timeout=300
    )


def posted(home: Path) -> tuple[str, int, int]:
    """The current publication's name, and how many entries and points it holds."""
    published = home / "lake" / "published"
    current = (published / "CURRENT").read_text(encoding="ascii").strip()
    with duckdb.connect(str(published / current / "chargeledger.duckdb"), read_only=True) as reader:
        ((entries, points),) = reader.execute(
            "SELECT count(*), CAST(sum(points) AS BIGINT) FROM ledger_entry"
        ).fetchall()
    return current, entries, points
