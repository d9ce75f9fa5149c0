"""Invariant 1: of every file that is staged, what became of its rows and of the Wh in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.ledger.book import Book
from tests.simulator.commits import Row, Tail
from tests.simulator.facts import FATES, Fates
from tests.simulator.holding import hold


class Batches:
    """The register of batches, as far as it was read."""

    def __init__(self, book: Book) -> None:
        self.tail = Tail(book.root / "staged" / "batch")
        self.of_file: dict[str, Row] = {}

    def hold(self, file: Path, rows: int, fates: Fates | None) -> None:
        """The batch of a file accounts for all of its rows, by these fates where they are known."""
        for row in self.tail.rows():
            hold("1 a file is staged once", self.of_file.setdefault(row["landing_digest"], row), row)
        batch = self.of_file[hashlib.sha256(file.read_bytes()).hexdigest()]
        told = {fate: (batch[f"rows_{fate}"], int(batch[f"{fate}_wh"])) for fate in FATES}
        hold("1 all rows have a fate", batch["rows_received"], rows, file.name)
        received = (batch["rows_received"], int(batch["received_wh"]))
        hold("1 fates sum to what was received", tuple(map(sum, zip(*told.values(), strict=True))), received, file.name)
        if fates is not None:
            hold("1 fates of rows and of Wh", told, {fate: tuple(owed) for fate, owed in fates.items()}, file.name)
