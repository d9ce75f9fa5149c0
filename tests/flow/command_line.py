"""The command line, as a person or a scheduler calls it: in processes of their own, one or several at one moment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

WAITS = """
import pathlib, sys, time
import chargeledger.batch_rules, chargeledger.flow, great_expectations
from chargeledger.cli import main
go, ready = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
ready.touch()
while not go.exists():
    time.sleep(0.0005)
main()
"""


def chargeledger(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command; its exit code, output and progress are in the result."""
    command = [sys.executable, "-m", "chargeledger.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def at_the_same_moment(folder: Path, *calls: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Run commands that are loaded first and start together; exit code, output and progress of each."""
    folder.mkdir()
    go, started = folder / "go", []
    for place, arguments in enumerate(calls):
        command = [sys.executable, "-c", WAITS, str(go), str(folder / f"ready-{place}"), *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    while any(process.poll() is None for process in started) and len(list(folder.glob("ready-*"))) < len(calls):
        time.sleep(0.001)
    go.touch()
    done = []
    for process in started:
        said, progress = process.communicate(timeout=300)
        done.append((process.returncode, said, progress))
    return done
