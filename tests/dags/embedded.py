"""An Airflow of the test's own: its home, its key, and the main job run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import duckdb

DAGS = Path(__file__).resolve().parents[2] / "dags"
MARK = "\nENDED "
RUN = f"""
import json, sys
from airflow.dag_processing.dagbag import DagBag
sys.path.insert(0, sys.argv[1])
bag = DagBag(sys.argv[1])
for dag_id, conf in json.loads(sys.argv[2]):
    print({MARK!r} + str(bag.dags[dag_id].test(run_conf=conf).state), flush=True)
"""


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


def dag_runs(home: Path, runs: list[tuple[str, dict[str, str]]], env: dict[str, str]) -> list[tuple[str, str]]:
    """Run DAGs one after the other in one process; the state of each run and everything that was said of it."""
    assert airflow(home, "db", "migrate").returncode == 0
    done = _run(home, "-c", RUN, str(DAGS), json.dumps(runs), env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.split(MARK)
    return [(ended.partition("\n")[0], log) for log, ended in pairwise(said)]


def _run(home: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command, env = [sys.executable, *arguments], airflow_env(home) | (env or {})
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False, timeout=300)


def posted(home: Path) -> tuple[str, int, int]:
    """The current publication's name, and how many entries and points it holds."""
    published = home / "lake" / "published"
    current = (published / "CURRENT").read_text(encoding="ascii").strip()
    with duckdb.connect(str(published / current / "chargeledger.duckdb"), read_only=True) as reader:
        ((entries, points),) = reader.execute(
            "SELECT count(*), CAST(sum(points) AS BIGINT) FROM ledger_entry"
        ).fetchall()
    return current, entries, points
