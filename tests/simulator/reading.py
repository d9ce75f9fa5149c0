"""What a lake shows to anybody, its tables and publications as files; held to the invariants as it is read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import duckdb
from deltalake import DeltaTable

from tests.ledger import plain_reading
from tests.ledger.book import Book, user
from tests.simulator.expected import PARTS, Entry, Expected
from tests.simulator.world import ACCOUNTS

Row = dict[str, Any]
USERS = {user(account) for account in ACCOUNTS}
SHOWN = ("session_status", "session_assessment", "vintage", "period_statement", "grid_intensity_hour", "publication")
LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}


class Broken(AssertionError):
    """Something that must hold does not; `invariant` names it."""

    def __init__(self, invariant: str, said: str) -> None:
        super().__init__(f"{invariant}: {said}")
        self.invariant = invariant


def hold(invariant: str, told: object, owed: object, where: str = "") -> None:
    """Raise where two things are not the same."""
    if told != owed:
        raise Broken(invariant, f"{where}\n    found {told!r}\n    owed  {owed!r}")


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

    def arrived(self) -> list[Row]:
        """Entries since the last reading. What was there before is there unchanged, without a gap."""
        found = table(self.book, "ledger_entry")
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
            known = row["reason"] != "shared cap" or row["programme"] == self.capped
            hold("a reason names what changed", known, True, f"seq {row['seq']}: {row['reason']}")
            hold("11 users are pseudonyms", row["user_id"] in USERS, True, f"seq {row['seq']}")
        self.entries = rows
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
            shown = {name: con.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist() for name in SHOWN}
        hours = Counter((row["methodology"], row["region"], row["hour_start"]) for row in shown["grid_intensity_hour"])
        hold("9 one factor per hour", [key for key, count in hours.items() if count > 1], [])
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
        final = {(row["programme"], row["vintage"]): row["state"] == "final" for row in shown["vintage"]}
        if expected.unsure:
            expected.adopt_vintages(final)
        hold("finality of vintages", final, expected.final)
        states = {each: state for each, state in told.items() if each not in expected.unsure}
        hold("12 states", states, {lineage: expected.state(lineage) for lineage in sure})
        amounts = {row["session_id"]: int(row["emission_reductions_ng"]) for row in shown["session_assessment"]}
        owed = {each: was.amounts.emission_reductions_ng for each in sure if (was := expected.stood[each]).amounts}
        found = {each: ng for each, ng in amounts.items() if each not in expected.unsure}
        hold("reductions of every assessed session", found, owed)

    def held_to(self, found: list[Row], owed: list[Entry], act: str) -> None:
        """New entries are those that are owed, column by column."""
        said = [_plain(row) for row in found]
        hold("entries are due minus posted", [_key(row) for row in said], [_key(row) for row in owed], act)
        for row, mine in zip(said, owed, strict=True):
            hold("entries are due minus posted", row, mine, act)


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
    )
    told: Entry = {name: row[name] for name in names}
    told["is_first"] = row["reason"] == "first assessment"
    return told | {name: int(row[name]) for name in PARTS}
