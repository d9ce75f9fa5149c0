"""Trials: a run is killed or meets an error, is started again as it was, and must end as if nothing had been."""

from __future__ import annotations

import ctypes
import os
import pickle
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.crash import outcome
from tests.crash.small_flow import FIRST, SECOND, command, fork, fresh, in_child, run_words, write_files
from tests.ledger.book import NOON

COUNT, KILL, TEAR, FAIL_ONCE, FULL, READ_ONLY = range(6)
KILLS = ("kill", "torn")
MODES = {"kill": KILL, "torn": TEAR, "EIO": FAIL_ONCE, "ENOSPC": FULL, "EROFS": READ_ONLY}


@dataclass
class Told:
    """What came of some trials: how many did what, and each that did not end well, with why."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Trials:
    """A template lake, the files that are sent to it, and what is there when nothing goes wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template, self.lake, self.told = folder / "template", folder / "lake", folder / "told.txt"
        first = write_files(folder / "first", FIRST)
        self.second = write_files(folder / "second", SECOND)
        self._must(in_child(lambda: command(run_words(self.template, first)), self.told))
        self.before = self._ask(outcome.published, self.template)
        fresh(self.template, self.lake)
        listed = folder / "sites.txt"
        began = time.monotonic()
        self._must(self._run(COUNT, 0, listed))
        self.seconds = time.monotonic() - began
        self.sites = listed.read_text().splitlines()
        self.owed = self._ask(outcome.of, self.lake)
        self.after = self._ask(outcome.published, self.lake)
        self.staged = fresh(self.template, folder / "staged")
        for pair in reversed(self.second[1::2]):  # grid before sessions, as `run` does
            source, _, path = pair.partition("=")
            words = ["ingest", source, path, "--lake", str(self.staged), "--at", NOON]
            self._must(in_child(partial(command, words), self.told))

    def _must(self, status: int) -> None:
        if status:
            raise RuntimeError(f"ended with {status}:\n{self.told.read_text()}")

    def _ask(self, question: Callable[[Path], Any], lake: Path) -> Any:
        """Answer of a question to a lake, asked in a child: this process opens nothing, so that it can be forked."""
        answer = self.folder / "answer"
        self._must(in_child(lambda: answer.write_bytes(pickle.dumps(question(lake))), self.told))
        return pickle.loads(answer.read_bytes())

    def _run(self, mode: int, site: int, listed: Path | None = None, killed_after: float | None = None) -> int:
        """One run of the flow in a child, with something in its way at a site, or killed after some seconds; how it ended."""

        def act() -> None:
            told = os.open(listed, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600) if listed else -1
            ctypes.CDLL(None).arm(str(self.lake).encode(), mode, ctypes.c_long(site), told)
            command(run_words(self.lake, self.second))

        child = fork(act, self.told)
        if killed_after is not None:
            time.sleep(killed_after)
            os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]

    def at(self, name: str, site: int, chance: random.Random) -> Told:
        """Something happens at a site of a run, a kill also at another one of the run after it; the last is left in peace."""
        told = Told()
        fresh(self.template, self.lake)
        for place in (site, chance.randint(1, site)) if name in KILLS else (site,):
            ended = self._run(MODES[name], place)
            told.counts[self._said(name, ended, told)] += 1
            self._readers(told)
        self._ends_well(told)
        told.failures = [f"{name} at {self.sites[site - 1]}: {each}" for each in told.failures]
        return told

    def by_chance(self, kills: int, chance: random.Random) -> Told:
        """So many runs that are killed at any moment; now and then, and in the end, one is left in peace."""
        told = Told()
        while told.counts["killed"] < kills:
            fresh(self.template, self.lake)
            said = "killed"
            while said == "killed" and told.counts["killed"] < kills:
                said = self._said("kill", self._run(COUNT, 0, killed_after=chance.uniform(0, self.seconds)), told)
                told.counts[said] += 1
                self._readers(told)
            self._ends_well(told)
        told.failures = [f"killed by chance: {each}" for each in told.failures]
        return told

    def race(self, writers: int) -> Told:
        """Writers that account the same vintages at the same moment: all end well, and each entry is posted once."""
        told = Told()
        fresh(self.staged, self.lake)
        begin, signal_to = os.pipe()

        def write() -> None:
            os.close(signal_to)
            os.read(begin, 1)
            command(["account", "--lake", str(self.lake), "--at", NOON])

        texts = [self.folder / f"writer-{number}.txt" for number in range(writers)]
        children = [fork(write, text) for text in texts]
        os.close(begin)
        os.close(signal_to)
        for child, text in zip(children, texts, strict=True):
            if ended := os.waitpid(child, 0)[1]:
                told.failures.append(f"a writer ended with {ended}: {text.read_text()[-600:]}")
        told.counts["races"] += 1
        self._ends_well(told)
        return told

    def _ends_well(self, told: Told) -> None:
        """The run that nothing disturbs, and what is there after it."""
        if ended := self._run(COUNT, 0):
            told.failures.append(f"the run that nothing disturbed ended with {ended}: {self.told.read_text()[-600:]}")
        told.failures += self._ask(partial(differences_to, self.owed), self.lake)

    def _said(self, name: str, ended: int, told: Told) -> str:
        """How a disturbed run ended; a traceback is no message, and an error no reason to say that all is well."""
        if os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL and name in KILLS:
            return "killed"
        said = self.told.read_text()
        if os.WIFSIGNALED(ended) or "Traceback" in said:
            told.failures.append(f"ended with {ended} and said: {said[-600:]}")
        return "refused" if ended else "not met"

    def _readers(self, told: Told) -> None:
        """Who reads now reads the publication before or the one after, whole."""
        try:
            if self._ask(outcome.published, self.lake) not in (self.before, self.after):
                told.failures.append("a reader finds neither the publication before nor the one after")
        except RuntimeError as torn:
            told.failures.append(f"a reader finds something torn: {torn}")


def differences_to(owed: dict[str, outcome.Rows], lake: Path) -> list[str]:
    """What differs from the run that nothing disturbed, and what the lake's own verification says."""
    from chargeledger.errors import Refused
    from chargeledger.lake import Lake
    from chargeledger.verify import verify

    told = outcome.differences(outcome.of(lake), owed)
    try:
        list(verify(Lake(lake)))
    except Refused as refused:
        told.append(str(refused))
    return told
