"""All trials, spread over processes: `make crash`, or `python -m tests.crash --help`."""

from __future__ import annotations

import argparse
import importlib
import os
import pickle
import pkgutil
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import in_memory
from tests.crash.small_flow import settings
from tests.crash.trials import MODES, Told, Trials

Trial = Callable[[Trials], Told]
SOURCE = Path(__file__).with_name("sites.c")
KILLS_OF_A_TRIAL = 10
WRITERS = 8


def library(folder: Path) -> Path:
    """The library that is preloaded, compiled."""
    built = folder / "sites.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(SOURCE), "-ldl"], check=True)
    return built


def chosen(trials: Trials, asked: argparse.Namespace) -> list[Trial]:
    """What to try: every K-th site in each mode, kills by chance, races."""
    sites = range(1, len(trials.sites) + 1, asked.every) if asked.every else ()
    found: list[Trial] = [
        partial(Trials.at, name=name, site=site, chance=random.Random(f"{name} {site}"))
        for site in sites
        for name in asked.modes.split(",")
        if name != "torn" or "write" in trials.sites[site - 1].split()[1]  # what does not write cannot be half done
    ]
    kills = [min(KILLS_OF_A_TRIAL, asked.by_chance - done) for done in range(0, asked.by_chance, KILLS_OF_A_TRIAL)]
    found += [partial(Trials.by_chance, kills=count, chance=random.Random(row)) for row, count in enumerate(kills)]
    return found + [partial(Trials.race, writers=WRITERS) for _ in range(asked.races)]


def share(folder: Path, job: int, asked: argparse.Namespace) -> Told:
    """The trials of one process."""
    trials, told, began = Trials(folder), Told(), time.monotonic()
    mine = chosen(trials, asked)[job :: asked.jobs]
    told.counts["sites"] = len(trials.sites)
    for done, trial in enumerate(mine, 1):
        one = trial(trials)
        told.counts.update(one.counts)
        told.counts["trials"] += 1
        told.failures += one.failures
        for failure in one.failures:
            print(f"FAILED {failure}", flush=True)
        if not done % 25:
            left = (time.monotonic() - began) / done * (len(mine) - done)
            print(f"process {job + 1}: {done} of {len(mine)} trials, {left / 60:.0f} min left", flush=True)
    return told


def import_all() -> None:
    """Import every module of the package and what these import when they are used, so that a fork has them."""
    import great_expectations.expectations  # noqa: F401

    import chargeledger

    for module in pkgutil.iter_modules(chargeledger.__path__):
        importlib.import_module(f"chargeledger.{module.name}")


def spread(folder: Path, asked: argparse.Namespace) -> Told:
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
    whole = Told()
    for child, answer in children:
        if os.waitpid(child, 0)[1]:
            whole.failures.append("a process of trials did not end")
            continue
        one = pickle.loads(answer.read_bytes())
        whole.failures += one.failures
        sites = one.counts.pop("sites")
        whole.counts.update(one.counts)
        whole.counts["sites"] = sites
    return whole


def options() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    asked.add_argument("--every", type=int, default=1, help="try each K-th site; 0 tries none (default: 1)")
    asked.add_argument("--modes", default=",".join(MODES), help="what happens at a site (default: %(default)s)")
    asked.add_argument("--by-chance", type=int, default=0, help="kills at any moment (default: 0)")
    asked.add_argument("--races", type=int, default=0, help=f"races of {WRITERS} writers (default: 0)")
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    told = asked.parse_args()
    if unknown := set(told.modes.split(",")) - set(MODES):
        asked.error(f"unknown modes {', '.join(sorted(unknown))}: there are {', '.join(MODES)}")
    return told


def tell(told: Told) -> int:
    """The figures, and the exit code."""
    c = told.counts
    print(
        f"{c['sites']} sites; {c['trials']} trials: {c['killed']} kills, {c['refused']} errors told, {c['races']} races"
    )
    print(f"{len(told.failures)} times something was lost, doubled, torn or told badly")
    return int(bool(told.failures))


def main() -> int:
    """Try, and tell. The library has to be there before the first import, so this process starts itself again with it."""
    asked = options()
    with TemporaryDirectory(prefix="chargeledger-crash-", dir=in_memory.folder()) as folder:
        if "CHARGELEDGER_CRASH_SITES" not in os.environ:
            preloaded = {"LD_PRELOAD": str(library(Path(folder))), "CHARGELEDGER_CRASH_SITES": "1"}
            again = [sys.executable, "-W", "ignore", "-m", "tests.crash", *sys.argv[1:]]
            return subprocess.run(again, env=os.environ | settings() | preloaded, check=False).returncode
        import_all()
        return tell(spread(Path(folder), asked))


if __name__ == "__main__":
    sys.exit(main())
