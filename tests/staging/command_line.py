"""The command line as a person calls it: its exit code, and what it says."""

from __future__ import annotations

import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from chargeledger import cli

CHARGELEDGER = [sys.executable, "-m", "chargeledger.cli"]
Done = subprocess.CompletedProcess[str]


def chargeledger(*arguments: str, launcher: tuple[str, ...] = ()) -> Done:
    """Run a command in a process of its own; `launcher` starts it with less room or fewer rights."""
    return subprocess.run([*launcher, *CHARGELEDGER, *arguments], capture_output=True, text=True, timeout=120)


def chargeledger_here(*arguments: str) -> Done:
    """Run a command through its entry point in this process, which spares the imports. What is not caught there is raised."""
    out, err = StringIO(), StringIO()
    with patch.object(sys, "argv", ["chargeledger", *arguments]), redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as exit_:
            return Done(arguments, int(exit_.code or 0), out.getvalue(), err.getvalue())


def assert_says(done: Done, exit_code: int, *phrases: str) -> None:
    """The exit code, every phrase on stderr, and no traceback anywhere."""
    said = done.stderr + done.stdout
    assert done.returncode == exit_code, said
    assert "Traceback" not in said, said
    for phrase in phrases:
        assert phrase in done.stderr, f"{phrase!r} is not in: {said}"
