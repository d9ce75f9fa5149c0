"""Trials: a flow is killed or meets an error, is started again as it was, and must end as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.crash.child import command, fork, in_child
from tests.crash.rig import FAIL_ONCE, FULL, KILL, READ_ONLY, TEAR, Rig
from tests.crash.told import Told
from tests.ledger.book import NOON

KILLS = ("kill", "torn")
MODES = {"kill": KILL, "torn": TEAR, "EIO": FAIL_ONCE, "ENOSPC": FULL, "EROFS": READ_ONLY}
ATTEMPTS = 10


def at(rig: Rig, name: str, site: int, chance: random.Random) -> Told:
    """Something happens at a site of a flow, a kill also at one of the command after it; the last is left in peace."""
    told = Told()
    rig.restore()
    told.counts[_disturb(rig, name, site, told)] += 1
    if name in KILLS and told.counts["killed"]:
        told.counts[_second(rig, name, site, chance, told)] += 1
    told.failures += rig.last()
    told.failures = [f"{rig.flow.name}: {name} at {rig.sites[site - 1]}: {each}" for each in told.failures]
    return told


def _disturb(rig: Rig, name: str, site: int, told: Told) -> str:
    """The flow with something at a site: killed, refused (an error, told), or borne: ended as if nothing had been.

    A traceback is no message, and what says that all is well has to be well.
    """
    ended = rig.go(MODES[name], site)
    if name in KILLS and _is_killed(ended):
        told.failures += rig.readers()
        return "killed"
    if os.waitstatus_to_exitcode(ended) not in ((0,) if name in KILLS else (0, 1)) or "Traceback" in rig.said():
        told.failures.append(f"ended with {ended} and said: {rig.said()[-600:]}")
    if ended:
        told.failures += rig.denial()
    elif name not in KILLS:
        told.failures += [f"it ended well, and {each}" for each in rig.unlike_owed()]
    told.failures += rig.readers()
    return "refused" if ended else "borne"


def _is_killed(ended: int) -> bool:
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL


def _second(rig: Rig, name: str, first: int, chance: random.Random, told: Told) -> str:
    """Kill the command after a kill too: `killed again`, or `not met` where it has no site any more.

    How many sites it has is known once it ends short of a place chosen among as many as the undisturbed flow has; then all
    begins again, with a place that it has. So each of its sites is as likely as any other.
    """
    among = len(rig.sites)
    for _ in range(ATTEMPTS):
        if _disturb(rig, name, chance.randint(1, among), told) == "killed":
            return "killed again"
        if not (among := len(rig.listed_sites())):
            return "not met"
        rig.restore()
        rig.go(MODES[name], first)
    told.failures.append(f"{ATTEMPTS} times the command after it had fewer sites than the time before")
    return "not met"


def by_chance(rig: Rig, kills: int, chance: random.Random) -> Told:
    """So many flows that are killed at any moment; now and then, and in the end, one is left in peace."""
    told = Told()
    while told.counts["killed"] < kills:
        rig.restore()
        is_killed = True
        while is_killed and told.counts["killed"] < kills:
            ended = rig.go(killed_after=chance.uniform(0, rig.seconds))
            is_killed = _is_killed(ended)
            told.counts["killed" if is_killed else "ended before"] += 1
            if ended and not is_killed:
                told.failures.append(f"ended with {ended} and said: {rig.said()[-600:]}")
            told.failures += rig.readers()
        told.failures += rig.last()
    told.failures = [f"killed by chance: {each}" for each in told.failures]
    return told


def race(rig: Rig, writers: int) -> Told:
    """Writers that account the same vintages at the same moment: all end well, and each entry is posted once."""
    told = Told()
    rig.restore(_staged(rig))
    begin, signal_to = os.pipe()

    def write() -> None:
        os.close(signal_to)
        os.read(begin, 1)
        command(["account", "--lake", str(rig.lake), "--at", NOON])

    texts = [rig.folder / f"writer-{number}.txt" for number in range(writers)]
    children = [fork(write, text) for text in texts]
    os.close(begin)
    os.close(signal_to)
    for child, text in zip(children, texts, strict=True):
        if ended := os.waitpid(child, 0)[1]:
            told.failures.append(f"a writer ended with {ended}: {text.read_text()[-600:]}")
    told.counts["races"] += 1
    told.failures = [f"in a race: {each}" for each in told.failures + rig.last()]
    return told


def _staged(rig: Rig) -> Path:
    """The lake of `run` when its files are staged and nothing is accounted; made once."""
    staged = rig.folder / "staged"
    if not staged.exists():
        rig.restore()
        words = rig.flow.words(rig.folder, rig.lake)
        for pair in reversed([word for word in words if "=" in word]):  # grid before sessions, as `run` does
            source, _, path = pair.partition("=")
            act: Callable[[], Any] = partial(command, ["ingest", source, path, "--lake", str(rig.lake), "--at", NOON])
            rig.must(in_child(act, rig.told))
        rig.lake.rename(staged)
    return staged
