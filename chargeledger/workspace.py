"""Workspaces: a folder for what one task cannot keep in memory. It goes with its task, and after a kill with the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "chargeledger-work-"


class Workspace:
    """A new folder below `parent`, its own; where `parent` cannot be written, in the system's folder for such files.

    A lock on its file `.lock` says that it is in use: two tasks never spill into one another's files, and what a killed one left
    is removed by the next that makes a workspace in the same parent.
    """

    def __init__(self, parent: Path) -> None:
        _sweep(parent)
        self.path = _make(parent)
        unlocked = self.path / ".lock-to-be"  # under its name it is never seen without its lock
        self._lock = open(unlocked, "w", encoding="ascii")  # noqa: SIM115 - held open until `close`
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            unlocked.rename(self.path / ".lock")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _make(parent: Path) -> Path:
    where = parent if os.access(parent, os.W_OK | os.X_OK) else None
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{PREFIX}*/.lock"):
        try:
            with open(left, "r+", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left.parent, ignore_errors=True)
        except OSError:
            continue  # in use, gone meanwhile, or not ours to remove
