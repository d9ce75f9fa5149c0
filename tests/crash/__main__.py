"""All trials, spread over processes: `make crash`, or `python -m tests.crash --help`."""

from __future__ import annotations

import argparse
import importlib
import os
import pickle
import pkgutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import in_memory, plain_plans
from tests.crash.child import settings
from tests.crash.options import options
from tests.crash.told import Told, figures
from tests.crash.work import rigs, trials

SOURCE = Path(__file__).with_name("sites.c")


def library(folder: Path) -> Path:
    """The library that is preloaded, compiled."""
    built = folder / "sites.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(SOURCE), "-ldl"], check=True)
    return built


def warm() -> None:
    """Import and read what every command does before it comes to a lake, so that a fork has it."""
    import great_expectations.expectations  # noqa: F401

    import chargeledger

    for module in pkgutil.iter_modules(chargeledger.__path__):
        importlib.import_module(f"chargeledger.{module.name}")

    from chargeledger import batch_rules, engine, rooms
    from chargeledger.contract import read_contract

    for path in rooms.CONTRACTS.glob("*.yaml"):
        read_contract(path)
    batch_rules._relations()
    engine.Engine.__init__ = plain_plans.start_plainly


def share(folder: Path, job: int, asked: argparse.Namespace) -> dict[str, Told]:
    """The trials of one process, told by flow."""
    told: dict[str, Told] = defaultdict(Told)
    found = rigs(folder, asked)
    mine, began = trials(found, asked)[job :: asked.jobs], time.monotonic()
    for done, (name, trial) in enumerate(mine, 1):
        one = trial()
        told[name].add(one)
        told[name].counts["trials"] += 1
        for failure in one.failures:
            print(f"FAILED {failure}", flush=True)
        if not done % 25:
            left = (time.monotonic() - began) / done * (len(mine) - done)
            print(f"process {job + 1}: {done} of {len(mine)} trials, {left / 60:.0f} min left", flush=True)
    for name, rig in found.items():
        told[name].counts["sites"] = len(rig.sites)
    return dict(told)


def spread(folder: Path, asked: argparse.Namespace) -> dict[str, Told]:
    """All that is asked for, over processes."""
    children = []
    for job in range(asked.jobs):
        mine = folder / str(job)
        mine.mkdir()
        answer = mine / "told"
        child = os.fork()
        if not child:
            answer.write_bytes(pickle.dumps(share(mine, job, asked)))
            os._exit(0)
        children.append((child, answer))
    whole: dict[str, Told] = defaultdict(Told)
    for child, answer in children:
        if os.waitpid(child, 0)[1]:
            whole["processes"].failures.append("a process of trials did not end")
            continue
        for name, one in pickle.loads(answer.read_bytes()).items():
            sites = one.counts.pop("sites", 0)
            whole[name].add(one)
            whole[name].counts["sites"] = sites
    return whole


def main() -> int:
    """Try, and tell. The library has to be there before the first import, so this process starts itself again with it."""
    asked = options()
    with TemporaryDirectory(prefix="chargeledger-crash-", dir=in_memory.folder()) as folder:
        if "CHARGELEDGER_CRASH_SITES" not in os.environ:
            preloaded = {"LD_PRELOAD": str(library(Path(folder))), "CHARGELEDGER_CRASH_SITES": "1"}
            again = [sys.executable, "-W", "ignore", "-m", "tests.crash", *sys.argv[1:]]
            return subprocess.run(again, env=os.environ | settings() | preloaded, check=False).returncode
        warm()
        told = spread(Path(folder), asked)
    print(*figures(told), sep="\n")
    return int(any(each.failures for each in told.values()))


if __name__ == "__main__":
    sys.exit(main())
