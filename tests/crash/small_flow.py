"""The flow that is killed: one `run` on a lake that has a publication, with everything that a run can meet in a few rows.

A correction, a duplicate, a refused row, a new session of each programme, a restated hour and a new one.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tests.ledger.book import GRID_COLUMNS, HOUR, KEY, NEXT, NOON, SESSION_COLUMNS, charge, charge_us, mix

FIRST = {
    "session_csv": [charge("1", "10"), charge("2", "20", "bob"), charge_us("11", "10")],
    "grid_mix_csv": [mix(HOUR, gas=100)],
}
SECOND = {
    "session_csv": [
        charge("1", "12", revised=NOON),
        charge("2", "20", "bob"),
        charge("3", "-8"),
        charge("4", "8", "carol"),
        charge_us("12", "7", ended="2026-03-10T19:00:00Z"),
        *(
            charge(str(number), "9", "dave") for number in range(20, 27)
        ),  # more than a tenth refused would be a whole file refused
    ],
    "grid_mix_csv": [mix(HOUR, gas=90, wind=10), mix(NEXT, gas=50, solar=50)],
}
HEADER = {"session_csv": SESSION_COLUMNS, "grid_mix_csv": GRID_COLUMNS}
OPTION = {"session_csv": "--sessions", "grid_mix_csv": "--grid"}


def write_files(folder: Path, sent: dict[str, list[str]]) -> list[str]:
    """Write the files of a sending and return the options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    options = []
    for source, rows in sent.items():
        path = folder / f"{source}.csv"
        path.write_text("\n".join([HEADER[source], *rows]) + "\n", encoding="utf-8")
        options += [OPTION[source], f"{source}={path}"]
    return options


def run_words(lake: Path, options: list[str]) -> list[str]:
    return ["run", "--lake", str(lake), "--at", NOON, *options]


def fork(act: Callable[[], Any], told: Path) -> int:
    """Do something in a fork of this process, which has everything imported, with what it prints in a file; its id."""
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


def command(words: list[str]) -> None:
    """What the command line does with these words."""
    from chargeledger import cli

    sys.argv = ["chargeledger", *words]
    cli.main()


def settings() -> dict[str, str]:
    """The environment of a small run: a known key, one thread."""
    return {"CHARGELEDGER_PSEUDONYM_KEY": KEY, "CHARGELEDGER_THREADS": "1", "GX_ANALYTICS_ENABLED": "false"}


def fresh(template: Path, lake: Path) -> Path:
    """A copy of a lake in the place of another."""
    shutil.rmtree(lake, ignore_errors=True)
    return Path(shutil.copytree(template, lake))
