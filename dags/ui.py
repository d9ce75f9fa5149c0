"""Airflow's pages and scheduler for one person, on 127.0.0.1 only, until Ctrl-C.

    python dags/ui.py [--port 8080]

Not a DAG. It starts the scheduler, the DAG processor and the API server by themselves: `airflow standalone` leaves
them running when it is told to stop, and its two log servers listen on every address. No component is left behind,
tasks included, which live in process groups of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

import embedded_airflow

COMPONENTS = {"scheduler": ["--skip-serve-logs"], "dag-processor": [], "api-server": []}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_S = 20


def stop(*_: object) -> None:
    """Any of the signals that end a program ends this one in order."""
    raise KeyboardInterrupt


def is_taken(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(home: Path) -> dict[str, subprocess.Popen[bytes]]:
    """Start each component in a session of its own, so that Ctrl-C reaches this program alone."""
    running = {}
    for name, options in COMPONENTS.items():
        with (home / f"{name}.log").open("wb") as out:
            command = [*embedded_airflow.AIRFLOW, name, *options]
            running[name] = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    return running


def passwords(home: Path) -> str:
    """Who may log in. Airflow makes the passwords itself when it starts for the first time."""
    file = home / "simple_auth_manager_passwords.json.generated"
    told = json.loads(file.read_text()).items() if file.exists() else []
    return "\n".join([*(f"User {user}, password {password}" for user, password in told), f"Passwords lie in {file}"])


def wait(running: dict[str, subprocess.Popen[bytes]], home: Path, port: int) -> str:
    """Say when the pages are there; return the name of the component that ends, which none should."""
    is_said = False
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                return name
        if not is_said and is_taken(port):
            is_said = True
            print(f"Airflow: http://127.0.0.1:{port}\n{passwords(home)}\nCtrl-C stops it.", flush=True)
        time.sleep(0.5)


def stop_all(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask every component to end, then end whatever of it and its descendants is still there."""
    family = psutil.Process().children(recursive=True)
    for process in running.values():
        process.terminate()
    _, left = psutil.wait_procs(family, timeout=PATIENCE_S)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=PATIENCE_S)


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="Airflow's pages and scheduler, on 127.0.0.1 only.")
    parser.add_argument("--port", type=int, default=8080)
    port = parser.parse_args().port
    if is_taken(port):
        print(f"Port {port} is taken: stop what listens there, or choose another with --port.", file=sys.stderr)
        return 2
    home = embedded_airflow.settle(
        {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__PARALLELISM": str(max(2, os.cpu_count() or 2)),
        }
    )
    for number in SIGNALS:
        signal.signal(number, stop)
    print("Starting Airflow ...", flush=True)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        embedded_airflow.migrate(home / "migrate.log")
        running = start(home)
        ended = wait(running, home, port)
        print(f"Airflow's {ended} has ended; its log is {home / (ended + '.log')}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopping Airflow ...", flush=True)
        return 0
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        stop_all(running)


if __name__ == "__main__":
    sys.exit(main())
