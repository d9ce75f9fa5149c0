"""The command line, stopped right after a chosen write. Run as a program it ends itself by a signal, as `kill` would.

python stopped_command.py SIGNAL PLACE ARGUMENTS…
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from chargeledger import cli, staging, table


@contextmanager
def stopped_after(place: str, stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` once, after the first write to a path with `place` in it: a file put in its place, or a table's commit."""
    waiting = [stop]

    def watched(write: Callable[..., Any], path_of: Callable[..., str]) -> Callable[..., Any]:
        def writes(*arguments: Any, **named: Any) -> Any:
            done = write(*arguments, **named)
            if waiting and place in path_of(*arguments):
                waiting.pop()()
            return done

        return writes

    with (
        patch.object(os, "replace", watched(os.replace, lambda _, target: str(target))),
        patch.object(os, "rename", watched(os.rename, lambda _, target: str(target))),
        patch.object(table, "write_deltalake", watched(table.write_deltalake, lambda told, _: str(told.table_uri))),
        patch.object(staging, "read_rows", watched(staging.read_rows, lambda *_: "rows read")),
    ):
        yield
    assert not waiting, f"nothing was written to {place}"


if __name__ == "__main__":
    number, where = getattr(signal, sys.argv[1]), sys.argv[2]
    del sys.argv[1:3]
    with stopped_after(where, lambda: os.kill(os.getpid(), number)):
        cli.main()
