"""Launchers: start a command with fewer rights or less room than this process has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START = "os.execv(sys.argv[1], sys.argv[1:])"

# PR_CAPBSET_DROP (24) of CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2): the mode of a file binds even root.
# Without rights to drop, there is nothing to drop either.
BOUND_BY_MODES = (
    *(sys.executable, "-c"),
    f"import ctypes, os, sys; c = ctypes.CDLL(None); [c.prctl(24, n, 0, 0, 0) for n in (1, 2)]; {_START}",
)


def files_of_at_most(size: int) -> tuple[str, ...]:
    """No file may grow beyond so many bytes: what a full disk is to a process that may not mount one."""
    text = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); {_START}"
    return (sys.executable, "-c", text)


@contextmanager
def write_protected(folder: Path) -> Iterator[None]:
    """Takes the right to write from the folder and all folders below it."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)
