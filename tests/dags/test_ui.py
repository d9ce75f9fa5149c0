"""Airflow's pages: on this machine's own address only, and nothing of them is left when they are told to stop."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.dags.embedded import DAGS, airflow_env

UP_S, DOWN_S = 240, 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(text: str, said: Path, ui: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + UP_S
    while text not in said.read_text(encoding="utf-8"):
        assert ui.poll() is None, said.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, said.read_text(encoding="utf-8")
        time.sleep(0.2)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM], ids=lambda told: told.name)
def test_the_pages_are_local_and_stop_whole(told: signal.Signals, tmp_path: Path) -> None:
    port, said = free_port(), tmp_path / "said"
    command = [sys.executable, str(DAGS / "ui.py"), "--port", str(port)]
    with (
        said.open("wb") as out,
        subprocess.Popen(command, env=airflow_env(tmp_path), cwd=tmp_path, stdout=out, stderr=out) as ui,
    ):
        try:
            wait_for("Ctrl-C", said, ui)
            family = psutil.Process(ui.pid).children(recursive=True)
            heard = {
                c.laddr for process in family for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN
            }
            ui.send_signal(told)
            assert ui.wait(DOWN_S) == 0
            assert psutil.wait_procs(family, timeout=1)[1] == []
        finally:
            ui.terminate()
    assert heard == {("127.0.0.1", port)}


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, str(DAGS / "ui.py"), "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            command, env=airflow_env(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "is taken" in done.stderr
    assert not (tmp_path / "airflow").exists()
