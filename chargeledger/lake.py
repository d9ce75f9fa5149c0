"""The lake: one folder, or prefix of a bucket, that holds everything received, staged, posted and published."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from chargeledger.contract import contract
from chargeledger.errors import LakeUnwritable, Refused, UsageError, some_keys
from chargeledger.place import is_folder, place, scratch, taking_turns
from chargeledger.table import files, open_table

REGISTERS = ("landing_file", "batch", "row_outcome", "quarantine")
STAGED = (
    *REGISTERS,
    "charging_session",
    "charging_interval",
    "charging_station",
    "session_owner",
    "enrolment",
    "delivery_control",
    "grid_mix_hour",
    "grid_intensity_told",
    "grid_factor_year",
    "green_supply_hour",
    "certificate",
)
UNUSABLE = set("[]{}*?%")
PERIOD_WORD = "chargeledger_period"


def parse_instant(text: str | None) -> datetime:
    """An ISO 8601 instant with its offset, cut to whole seconds; None is now."""
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"'{text}' is not an instant: write it like 2026-03-13T16:00:00Z") from error
    if instant.tzinfo is None:
        raise UsageError(f"'{text}' has no offset: write it like {text}Z or {text}+08:00")
    return instant.astimezone(UTC).replace(microsecond=0)


def instant_text(instant: datetime) -> str:
    """ISO 8601 in UTC with a Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class LedgerCommit:
    """One commit of the ledger: its version, and what its receipt says of it in a few words."""

    version: int
    receipt: str
    clock: datetime
    batch_seq: int
    scope: dict[str, str | None]
    programmes: dict[str, str]
    states: dict[str, int]
    decision: dict[str, Any] | None = None
    proposed: int = 0


@dataclass(frozen=True)
class PeriodClose:
    """One commit of the ledger that closed a month of a programme."""

    version: int
    receipt: str
    clock: datetime
    programme: str
    period: str


class Lake:
    """Paths and tables of a lake at `root`, which is created where it is not there."""

    def __init__(self, root: str | Path | None = None, *, must_exist: bool = False) -> None:
        self._files: dict[tuple[str, int], list[str]] = {}
        self._history: tuple[int, list[dict[str, Any]]] = (-1, [])
        self.root = place(root or os.environ.get("CHARGELEDGER_LAKE") or "lake")
        if must_exist and not self.root.is_dir():
            raise UsageError(f"there is no lake at {self.root}: name another with --lake, or fill it with 'run' first")
        if wrong := sorted(UNUSABLE & set(str(self.root))):
            raise UsageError(
                f"a lake cannot lie at {self.root}: {' '.join(wrong)} stands for something else in the paths of tables. "
                "Nothing was written; name another folder with --lake"
            )
        for folder in ("landing", "staged", "ledger/state", "receipts", "published", "tmp"):
            if is_folder(self.root):
                self._make(self.root / folder)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnwritable(
                f"the lake at {self.root} cannot be written: {error.strerror} ({folder}). Nothing was changed. "
                "Give this user write permission there, or name another lake with --lake."
            ) from error

    def table(self, relation: str, version: int | None = None) -> DeltaTable:
        """The Delta table of a staged relation or of `ledger_entry`, at a version or the newest."""
        return open_table(self.table_path(relation), contract(relation), version)

    def table_path(self, relation: str) -> Path:
        return self.root / ("ledger" if relation == "ledger_entry" else "staged") / relation

    def versions(self) -> dict[str, int]:
        """The newest version of every staged relation."""
        return {relation: self._open(relation, None)[0] for relation in STAGED}

    def files(self, relation: str, version: int | None = None) -> list[str]:
        """Parquet files of a version or the newest; what a version holds never changes, so it is asked for once."""
        if version is None or (relation, version) not in self._files:
            return self._open(relation, version)[1]
        return self._files[relation, version]

    def _open(self, relation: str, version: int | None) -> tuple[int, list[str]]:
        table = self.table(relation, version)
        self._files[relation, table.version()] = found = files(table)
        return table.version(), found

    def state_path(self, relation: str, receipt: str) -> Path:
        """Where the rows of a state relation lie that the run with this receipt set: a file, or a folder of files.

        There is nothing where it set none.
        """
        return self.root / "ledger" / "state" / relation / f"{receipt}.parquet"

    def state_parts(self, relation: str, receipt: str) -> list[Path]:
        """The files of these rows."""
        path = self.state_path(relation, receipt)
        if path.is_dir():
            return sorted(path.glob("*.parquet"))
        return [path] if path.exists() else []

    def state_files(self, relation: str, commits: Sequence[LedgerCommit]) -> list[str]:
        """Files of the rows that commits set of a state relation, in their order. Raises Refused where one is gone."""
        set_by = [commit.receipt for commit in commits if commit.states[relation]]
        if is_folder(self.root):
            parts = [self.state_parts(relation, receipt) for receipt in set_by]
        else:  # one question for all of them
            folder = self.state_path(relation, "").parent
            there = {path.name for path in folder.iterdir()} if set_by and folder.is_dir() else set[str]()
            paths = [self.state_path(relation, receipt) for receipt in set_by]
            parts = [[path] if path.name in there else [] for path in paths]
        if gone := [f"{receipt}.parquet" for receipt, found in zip(set_by, parts, strict=True) if not found]:
            raise Refused(
                f"the lake has lost {len(gone)} files of {relation}: {some_keys(gone)}. Restore them from a copy"
            )
        return [str(path) for found in parts for path in found]

    def receipt_file(self, receipt: str) -> Path:
        return self.root / "receipts" / f"{receipt}.json"

    def _told(self, word: str, until: int | None) -> list[tuple[int, dict[str, Any]]]:
        """What commits of the ledger up to a version say under a word, oldest first."""
        if until is None or self._history[0] < until:  # what a version has behind it never changes: read once
            table = self.table("ledger_entry")
            if self._history[0] != table.version():
                self._history = (table.version(), sorted(table.history(), key=lambda entry: int(entry["version"])))
        found = [entry for entry in self._history[1] if word in entry and (until is None or entry["version"] <= until)]
        return [(entry["version"], json.loads(entry[word])) for entry in found]

    def commits(self, until: int | None = None) -> list[LedgerCommit]:
        """Accountings committed to the ledger up to a version, oldest first."""
        return [
            LedgerCommit(
                version=version,
                receipt=said["receipt"],
                clock=parse_instant(said["clock"]),
                batch_seq=said["batch_seq"],
                scope=said["scope"],
                programmes=said["programmes"],
                states=said["states"],
                decision=said.get("decision"),
                proposed=said.get("proposed", 0),
            )
            for version, said in self._told("chargeledger", until)
        ]

    def closes(self, until: int | None = None) -> list[PeriodClose]:
        """Months closed by commits of the ledger up to a version, oldest first."""
        return [
            PeriodClose(version, said["receipt"], parse_instant(said["clock"]), said["programme"], said["period"])
            for version, said in self._told(PERIOD_WORD, until)
        ]

    def clock(self, at: str | None, ledger_version: int | None = None) -> datetime:
        """The clock of a writer: its own, or the last commit's where that is later. It never goes back.

        A writer that commits on top of a ledger version names it, so that the clock it is later than is that one's.
        """
        instants = [parse_instant(at)]
        instants += [commit.clock for commit in self.commits(ledger_version)[-1:]]
        instants += [close.clock for close in self.closes(ledger_version)[-1:]]
        return max([*instants, *landing_clock(self.table("landing_file"))])

    @contextmanager
    def one_at_a_time(self, relation: str) -> Iterator[None]:
        """Those who stage a relation on one machine take turns, which saves work; the lock goes with its process."""
        with taking_turns(self.root / "staged" / f".{relation}.lock", self.root):
            yield

    def spill(self) -> Path:
        """A folder of this machine for what a query cannot keep in memory."""
        return scratch(self.root)


def landing_clock(table: DeltaTable) -> list[datetime]:
    """The clock of the last landing in the opened version, where there is one."""
    return [parse_instant(entry["clock"]) for entry in table.history(1) if "clock" in entry]
