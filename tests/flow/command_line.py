"""The command line, as a person or a scheduler calls it: in processes of their own, one or several at one moment."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

# Loads everything, then runs one command per round, each when the file of its round is there.
WAITS = """
import contextlib, io, json, pathlib, sys, time
import chargeledger.batch_rules, chargeledger.flow, chargeledger.publication, great_expectations
from chargeledger import cli

folder, me, rounds = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
for number, arguments in enumerate(rounds):
    sys.argv = ["chargeledger", *arguments]
    said, progress, code = io.StringIO(), io.StringIO(), None
    (folder / f"ready-{number}-{me}").touch()
    while not (folder / f"go-{number}").exists():
        time.sleep(0.0002)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(progress):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue(), progress.getvalue()]), flush=True)
"""


class Done(NamedTuple):
    """How one command ended."""

    code: int
    said: str
    progress: str


def chargeledger(*arguments: str, cwd: Path | None = None) -> Done:
    """Run one command."""
    command = [sys.executable, "-m", "chargeledger.cli", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    return Done(done.returncode, done.stdout, done.stderr)


def at_the_same_moment(folder: Path, rounds: list[list[list[str]]]) -> list[list[Done]]:
    """Of every round, the commands start together, each in a process of its own. How they ended, by round."""
    folder.mkdir()
    started = []
    for me, calls in enumerate(zip(*rounds, strict=True)):
        command = [sys.executable, "-c", WAITS, str(folder), str(me), json.dumps(calls)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for number in range(len(rounds)):
        ready = [folder / f"ready-{number}-{me}" for me in range(len(started))]
        while not all(path.exists() for path in ready) and all(process.poll() is None for process in started):
            time.sleep(0.001)
        (folder / f"go-{number}").touch()
    ends = [process.communicate(timeout=300) for process in started]
    assert all(process.returncode == 0 for process in started), ends
    told = [[Done(*json.loads(line)) for line in said.splitlines()] for said, _ in ends]
    return [list(calls) for calls in zip(*told, strict=True)]
