"""An Airflow of the test's own: its home, its key, and the main job run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    command = [sys.executable, str(DAGS / "main_job.py"), "--lake", str(home / "lake"), *arguments]
    return subprocess.run(command, env=airflow_env(home), cwd=home, capture_output=True, text=True, timeout=300)
