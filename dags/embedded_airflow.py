"""Airflow as one person runs it: its home and SQLite database in this checkout, the DAGs of this folder, no examples.

Not a DAG. `settle` must run before anything of Airflow is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from chargeledger.errors import UsageError
from chargeledger.place import place

DAGS = Path(__file__).resolve().parent
AIRFLOW = (sys.executable, "-m", "airflow")


def settle(extra: Mapping[str, str] | None = None) -> Path:
    """Point this process and its children at the embedded Airflow; its home is returned."""
    home = Path(os.environ.get("AIRFLOW_HOME") or DAGS.parent / ".airflow").resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # Airflow's keys and passwords lie in it
    except OSError as error:
        sys.exit(f"Airflow's home cannot be made: {error}. Set AIRFLOW_HOME to a folder of yours.")
    try:
        lake = str(place(os.environ.get("CHARGELEDGER_LAKE") or "lake"))
    except UsageError as error:
        sys.exit(str(error))
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "CHARGELEDGER_LAKE": lake,
        "CHARGELEDGER_INBOX": str(Path(os.environ.get("CHARGELEDGER_INBOX") or "inbox").resolve()),
        **(extra or {}),
    }
    return home


def migrate(log: Path) -> None:
    """Create or upgrade Airflow's database; nothing happens where it is current."""
    with log.open("wb") as out:
        ended = subprocess.run([*AIRFLOW, "db", "migrate"], check=False, stdout=out, stderr=out)
    if ended.returncode:
        sys.exit(f"Airflow's database could not be prepared; see {log}")
