"""What is done in a fork of this process, which has everything imported, so that it may die of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tests.ledger.book import KEY


def settings() -> dict[str, str]:
    """The environment of a small flow: a known key, one thread."""
    return {"CHARGELEDGER_PSEUDONYM_KEY": KEY, "CHARGELEDGER_THREADS": "1", "GX_ANALYTICS_ENABLED": "false"}


def command(words: list[str]) -> None:
    """What the command line does with these words."""
    from chargeledger import cli

    sys.argv = ["chargeledger", *words]
    cli.main()


def fork(act: Callable[[], Any], told: Path) -> int:
    """Do something in a fork of this process, with what it prints in a file; its id."""
    child = os.fork()
    if child:
        return child
    _as_child(act, told)


def in_child(act: Callable[[], Any], told: Path) -> int:
    """Do something in a fork and wait for it; returns how it ended, as waitpid tells."""
    return os.waitpid(fork(act, told), 0)[1]


def _as_child(act: Callable[[], Any], told: Path) -> NoReturn:
    code = 70
    try:
        out = os.open(told, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        act()
        code = 0
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
