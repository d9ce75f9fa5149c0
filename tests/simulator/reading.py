"""What a lake shows to anybody, its tables and publications as files; held to the invariants as it is read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import duckdb
from deltalake import DeltaTable

from tests.ledger import plain_reading
from tests.ledger.book import Book, user
from tests.simulator import in_force
from tests.simulator.assessed import hold_assessed
from tests.simulator.batches import Batches
from tests.simulator.commits import Commit, Ledger
from tests.simulator.due import PARTS, Entry
from tests.simulator.expected import Expected
from tests.simulator.holding import hold
from tests.simulator.identities import Identities, content, hold_hidden
from tests.simulator.vintages import hold_vintages
from tests.simulator.world import ACCOUNTS

Row = dict[str, Any]
USERS = {user(account) for account in ACCOUNTS}
SHOWN = ("session_status", "session_assessment", "vintage", "period_statement", "grid_intensity_hour", "publication")
LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}


def table(book: Book, relation: str) -> DeltaTable | None:
    path = book.root / ("ledger" if relation == "ledger_entry" else "staged") / relation
    return DeltaTable(str(path)) if (path / "_delta_log").is_dir() else None


def rows_of(book: Book, relation: str) -> list[Row]:
    found = table(book, relation)
    return found.to_pyarrow_table().to_pylist() if found else []


class Reading:
    """Remembers what was read before, since none of it may ever be another."""

    def __init__(self, book: Book, capped: str) -> None:
        self.book, self.capped = book, capped
        self.entries: list[Row] = []
        self.version = -1
        self.number = 0
        self.manifest: Row = {}
        self.manifest_digest: str | None = None
        self.files: dict[str, str] = {}
        self.closed: dict[tuple[str, str], list[Row]] = {}
        self.batches, self.ledger, self.identities = Batches(book), Ledger(book), Identities(book.root)
        self.commits: list[Commit] = []

    def arrived(self) -> list[Row]:
        """Entries since the last reading. What was there before is there unchanged, without a gap."""
        self.commits, found = [], table(self.book, "ledger_entry")
        if found is None or found.version() == self.version:
            return []
        self.version, before = found.version(), len(self.entries)
        rows = sorted(found.to_pyarrow_table().to_pylist(), key=lambda row: row["seq"])
        hold("8 entries never change", rows[:before], self.entries)
        hold("8 seq has no gap", [row["seq"] for row in rows], list(range(1, len(rows) + 1)))
        hold("8 entry_id is unique", len({row["entry_id"] for row in rows}), len(rows))
        for row in rows[before:]:
            parts = row["points"] * plain_reading.GRAM + sum(int(row[name]) for name in PARTS[2:])
            hold("13 every entry closes", int(row["emission_reductions_ng"]), parts, f"seq {row['seq']}")
            unknown = set(row["reason"].split(", ")) - in_force.reasons()
            known = not unknown and (row["reason"] != "shared cap" or row["programme"] == self.capped)
            hold("a reason names what changed", known, True, f"seq {row['seq']}: {row['reason']}")
            hold("11 users are pseudonyms", row["user_id"] in USERS, True, f"seq {row['seq']}")
        self.entries = rows
        self.commits = self.ledger.arrived(rows[before:])
        return rows[before:]

    def publication(self, expected: Expected | None) -> bool:
        """Hold a new publication against the one before, the ledger, and what is expected; False where there is none."""
        pointer = self.book.root / "published" / "CURRENT"
        if not pointer.exists() or int(pointer.read_text()) == self.number:
            return False
        number, folder = int(pointer.read_text()), self.book.publication()
        hold("7 never backwards", number > self.number, True, f"{number} after {self.number}")
        raw = (folder / "manifest.json").read_bytes()
        manifest = json.loads(raw)
        hold("7 manifests follow one another", manifest["previous_digest"], self.manifest_digest)
        listed = manifest["segments"]
        before = self.manifest.get("segments", [])
        hold("7 segments are shared", listed[: len(before)], before)
        self._files(listed)
        self.number, self.manifest, self.manifest_digest = number, manifest, hashlib.sha256(raw).hexdigest()
        if manifest["ledger_version"] == self.version:
            plain_reading.points_are_the_fold(self.book)
        with duckdb.connect(str(folder / "chargeledger.duckdb"), read_only=True, config=LOCKED) as con:
            tables = {name: con.sql(f"SELECT * FROM {name}").to_arrow_table() for name in manifest["database"]}
        for name, found in tables.items():
            hold_hidden(content(found), f"{name} of publication {number}")
        self.identities.look()
        shown = {name: tables[name].to_pylist() for name in SHOWN}
        self.ledger.final |= {(r["programme"], r["vintage"]) for r in shown["vintage"] if r["state"] == "final"}
        self._statements(shown["period_statement"])
        if expected:
            self._states(shown, expected)
        return True

    def _files(self, listed: list[Row]) -> None:
        for path in [each[name] for each in listed for name in ("path", "lines") if each.get(name)]:
            digest = hashlib.sha256((self.book.root / "published" / path).read_bytes()).hexdigest()
            hold("7 a segment is written once", self.files.setdefault(path, digest), digest, path)

    def _statements(self, rows: list[Row]) -> None:
        for row in rows:
            parts = row["points"] * plain_reading.GRAM + sum(int(row[name]) for name in PARTS[2:])
            if row["line"] != "memo":
                hold("13 every line closes", int(row["emission_reductions_ng"]), parts, repr(row))
        for month in {(row["programme"], row["period"]) for row in rows}:
            mine = [row for row in rows if (row["programme"], row["period"]) == month]
            booked = [e for e in self.entries[: self.manifest["last_seq"]] if (e["programme"], e["period"]) == month]
            told = sum(row["points"] for row in mine if row["line"] == "booked")
            hold("13 a month is the fold of its entries", told, sum(e["points"] for e in booked), repr(month))
            if mine[0]["state"] == "closed":
                known = self.closed.setdefault(month, mine)
                hold("13 a closed month never changes", mine, known, repr(month))

    def _states(self, shown: dict[str, list[Row]], expected: Expected) -> None:
        told = {row["session_id"]: row["state"] for row in shown["session_status"]}
        hold("12 one state per lineage", len(told), len(shown["session_status"]))
        sure = expected.stood.keys() - expected.unsure
        hold_vintages(shown["vintage"], self.entries, expected)
        states = {each: state for each, state in told.items() if each not in expected.unsure}
        hold("12 states", states, {lineage: expected.state(lineage) for lineage in sure})
        hold_assessed(shown, expected)

    def held_to(self, found: list[Row], owed: list[Entry], act: str) -> None:
        """New entries are those that are owed, column by column."""
        said = [_plain(row) for row in found]
        hold("entries are due minus posted", [_key(row) for row in said], [_key(row) for row in owed], act)
        for row, mine in zip(said, owed, strict=True):
            reasons = mine["reason"]
            assert isinstance(reasons, tuple)
            where = f"{act}: {row['session_id']}: {row['reason']}, not {reasons}"
            hold("a reason names what changed", not reasons or row["reason"] in reasons, True, where)
            hold("entries are due minus posted", row, mine | {"reason": row["reason"]}, act)


def _key(row: Entry) -> tuple[object, ...]:
    return tuple(row[name] for name in ("programme", "session_id", "vintage", "user_id", "kind", "points"))


def _plain(row: Row) -> Entry:
    names = (
        "seq",
        "entry_id",
        "programme",
        "user_id",
        "session_id",
        "vintage",
        "period",
        "kind",
        "points_after",
        "status",
        "reason",
        "methodology",
        "methodology_digest",
    )
    return {name: row[name] for name in names} | {name: int(row[name]) for name in PARTS}
