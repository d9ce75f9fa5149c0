"""A flow's lake as it stands before, the one that is disturbed, and what is there when nothing goes wrong."""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import re
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.crash import answers, outcome
from tests.crash.child import command, fork, in_child
from tests.crash.committed import Rows
from tests.crash.flows import Flow

COUNT, KILL, TEAR, FAIL_ONCE, FULL, READ_ONLY = range(6)
DENIED = re.compile(r"nothing was (posted|closed|changed)", re.IGNORECASE)


class Rig:
    """Everything of one flow that trials share. This process opens nothing of a lake with a library, so that it can be forked."""

    def __init__(self, folder: Path, flow: Flow) -> None:
        self.folder, self.flow = folder, flow
        self.template, self.lake, self.told = folder / "lake", folder / "disturbed", folder / "told.txt"
        self.listed = folder / "sites.txt"
        folder.mkdir()
        self.must(in_child(partial(flow.prepare, folder), self.told))
        self.before = self.ask(outcome.published, self.template)
        self.effect_before = self.effect(self.template)
        self.restore()
        began = time.monotonic()
        self.must(self.go())
        self.seconds = time.monotonic() - began
        self.sites = self.listed_sites()
        self.effect_owed = self.effect(self.lake)
        self.owed = self.ask(self.found, self.lake)
        self.after = self.ask(outcome.published, self.lake)
        if self.owed == self.ask(self.found, self.template):
            raise RuntimeError(f"{flow.name} changes nothing that would be held against its outcome")

    def must(self, status: int) -> None:
        if status:
            raise RuntimeError(f"ended with {status}:\n{self.said()}")

    def said(self) -> str:
        """What the last child printed."""
        return self.told.read_text(encoding="utf-8", errors="replace")

    def ask(self, question: Callable[[Path], Any], lake: Path) -> Any:
        """Answer of a question to a lake, asked in a child."""
        answer = self.folder / "answer"
        self.must(in_child(lambda: answer.write_bytes(pickle.dumps(question(lake))), self.told))
        return pickle.loads(answer.read_bytes())

    def restore(self, template: Path | None = None) -> None:
        """Let the lake be again as it was before the flow."""
        shutil.rmtree(self.lake, ignore_errors=True)
        shutil.copytree(template or self.template, self.lake)

    def go(self, mode: int = COUNT, site: int = 0, killed_after: float | None = None) -> int:
        """The command of the flow in a child, with something in its way at a site, or killed after some seconds; how it ended."""
        self.listed.unlink(missing_ok=True)

        def act() -> None:
            told = os.open(self.listed, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            ctypes.CDLL(None).arm(str(self.lake).encode(), mode, ctypes.c_long(site), told)
            command(self.flow.words(self.folder, self.lake))

        child = fork(act, self.told)
        if killed_after is not None:
            time.sleep(killed_after)
            os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]

    def listed_sites(self) -> list[str]:
        """The sites that the last one came by."""
        return self.listed.read_text(encoding="utf-8").splitlines() if self.listed.exists() else []

    def writes_at(self, site: int) -> bool:
        return "write" in self.sites[site - 1].split()[1]

    def effect(self, lake: Path) -> tuple[int, int]:
        """How far a lake has got: commits of its ledger, and the one up to which it is published."""
        published = lake / "published"
        manifest = published / (published / "CURRENT").read_text(encoding="ascii") / "manifest.json"
        commits = len(list((lake / "ledger" / "ledger_entry" / "_delta_log").glob("*.json")))
        return commits, int(json.loads(manifest.read_bytes())["ledger_version"])

    def readers(self) -> list[str]:
        """Who reads now reads the publication before or the one after, whole; else what is wrong."""
        try:
            if self.ask(outcome.published, self.lake) in (self.before, self.after):
                return []
            return ["a reader finds neither the publication before nor the one after"]
        except RuntimeError as torn:
            return [f"a reader finds something torn: {torn}"]

    def denial(self) -> list[str]:
        """A command that failed may not say that nothing came of it where the ledger has it."""
        denied = DENIED.search(self.said())
        if denied and self.effect(self.lake)[0] != self.effect_before[0]:
            return [f"'{denied[0]}' is said, and the ledger has a new commit: {self.said()[-600:]}"]
        return []

    def found(self, lake: Path) -> dict[str, Rows]:
        """What lies in a lake, and what it answers."""
        beside = {"beside the publication": outcome.beside(lake)} if self.flow.clears else {}
        return outcome.of(lake) | answers.of(lake) | beside

    def unlike_owed(self) -> list[str]:
        """What differs from the flow that nothing disturbed, and what the lake's own verification says."""

        def compared(lake: Path) -> list[str]:
            return outcome.differences(self.found(lake), self.owed) + answers.unverified(lake)

        try:
            return list(self.ask(compared, self.lake))
        except RuntimeError as unreadable:
            return [f"what is there cannot be read: {str(unreadable)[-600:]}"]

    def last(self) -> list[str]:
        """What is wrong after the command is given once more and left in peace."""
        was_done = self.effect(self.lake) == self.effect_owed
        if ended := self.go():
            return [f"the command that nothing disturbed ended with {ended}: {self.said()[-600:]}", *self.unlike_owed()]
        if self.flow.again and (self.flow.again in self.said()) != was_done:
            done = "was done" if was_done else "was not done"
            return [f"it {done} before, and the command says: {self.said()[-600:]}", *self.unlike_owed()]
        return self.unlike_owed()
