"""What was committed to a table since it was last looked at, told by its files; and of the ledger, what its receipts say."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.ledger.book import Book
from tests.simulator.holding import hold

Row = dict[str, Any]
APPROVE = "approve"


class Tail:
    """The actions of the commits of a Delta table that come after those that were read before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.next = folder, 0

    def commits(self) -> Iterator[tuple[int, list[Row]]]:
        while (path := self.folder / "_delta_log" / f"{self.next:020d}.json").exists():
            self.next += 1
            yield self.next - 1, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def rows(self) -> Iterator[Row]:
        """Rows of the files that these commits added."""
        for _, actions in self.commits():
            for action in actions:
                if "add" in action:
                    yield from pq.ParquetFile(self.folder / action["add"]["path"]).read(use_threads=False).to_pylist()


@dataclass(frozen=True)
class Commit:
    """One commit of the ledger: what it says of itself, its receipt, and the entries that it posted."""

    version: int
    said: Row
    receipt: Row
    rows: list[Row]

    @property
    def decided(self) -> tuple[str, str] | None:
        """The kind of a decision, and the receipt that proposed what it decides on."""
        told = self.said.get("decision")
        return (told["kind"], told["proposal"]) if told else None

    def hold_asked(self, clock: str, scope: Row | None, decided: tuple[str, str] | None) -> None:
        told = (self.receipt["clock"], self.receipt.get("scope"), self.decided)
        hold("10 a receipt says what was asked", told, (clock, scope, decided), f"ledger version {self.version}")


class Ledger:
    """Commits of the ledger, each held to its receipt, and awards of final vintages to approvals."""

    def __init__(self, book: Book) -> None:
        self.book, self.tail = book, Tail(book.root / "ledger" / "ledger_entry")
        self.standing: dict[tuple[Any, ...], tuple[int, int]] = {}
        self.final: set[tuple[Any, Any]] = set()

    def arrived(self, rows: list[Row]) -> list[Commit]:
        """The commits that posted these entries, and those beside them that posted none."""
        posted = defaultdict(list)
        for row in rows:
            posted[row["receipt_digest"]].append(row)
        found = []
        for version, actions in self.tail.commits():
            infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
            for said in (
                json.loads(i[word]) for i in infos for word in ("chargeledger", "chargeledger_period") if word in i
            ):
                mine = posted.pop(said["receipt"], [])
                found.append(Commit(version, said, self._receipt(said["receipt"]), mine))
                self._held_to_receipt(found[-1])
                self._final_awards_stand(found[-1])
        hold("10 an entry names the receipt of its commit", sorted(posted), [])
        return found

    def _receipt(self, digest: str) -> Row:
        path = self.book.root / "receipts" / f"{digest}.json"
        hold("10 a receipt is there", path.exists(), True, digest)
        raw = path.read_bytes()
        hold("10 a receipt is what its name says", hashlib.sha256(raw).hexdigest(), digest)
        return dict(json.loads(raw))

    def _held_to_receipt(self, commit: Commit) -> None:
        said, receipt, rows = commit.said, commit.receipt, commit.rows
        where = f"ledger version {commit.version}"
        hold("10 a receipt says on what it stands", receipt["inputs"]["ledger_version"], commit.version - 1, where)
        for name in ("clock", "scope", "decision"):
            hold("10 commit and receipt say the same", receipt.get(name), said.get(name), f"{where}: {name}")
        for digest in receipt["programmes"].values():
            path = self.book.root / "receipts" / "programme" / f"{digest}.yaml"
            kept = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
            hold("10 the file of a programme is kept", kept, digest, where)
        if "counts" not in receipt:
            hold("a close posts nothing", rows, [], where)
            return
        hold("10 commit and receipt say the same", receipt["programmes"], said["programmes"], f"{where}: programmes")
        counts = {name: int(receipt["counts"][name]) for name in ("entries", "points", "emission_reductions_ng")}
        sums = {name: sum(int(row[name]) for row in rows) for name in ("points", "emission_reductions_ng")}
        hold("10 a receipt counts its entries", counts, {"entries": len(rows)} | sums, where)
        for row in rows:
            if row["kind"] != "reversal":  # a version that reverses everything has nothing to run on
                named = receipt["methodologies"].get(row["methodology"])
                hold(
                    "10 a receipt names the version of an entry", named, row["methodology_digest"], f"seq {row['seq']}"
                )

    def _final_awards_stand(self, commit: Commit) -> None:
        """From the entries alone: what stands in a vintage that was final changes where that was proposed and is approved."""
        released: set[str] | None = None
        for row in commit.rows:
            key = tuple(row[name] for name in ("programme", "session_id", "vintage", "user_id"))
            points, reductions = self.standing.get(key, (0, 0))
            if (points or reductions) and (key[0], key[2]) in self.final:
                released = self._released(commit) if released is None else released
                hold("14 a final award changes by approval alone", key[1] in released, True, f"seq {row['seq']}")
            self.standing[key] = points + row["points"], reductions + int(row["emission_reductions_ng"])
        self.final |= {(row["programme"], row["vintage"]) for row in commit.rows if row["status"] == "final"}

    def _released(self, commit: Commit) -> set[str]:
        """The lineages of the proposal that a commit approves."""
        kind, proposal = commit.decided or ("", "")
        if kind != APPROVE:
            return set()
        path = self.book.root / "ledger" / "state" / "award_proposal" / f"{proposal}.parquet"
        return set(pq.ParquetFile(path).read(["session_id"], use_threads=False)["session_id"].to_pylist())
