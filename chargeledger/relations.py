"""Named relations of a computation, whatever engine holds them: what a run may ask, and nothing that only one engine can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
from deltalake import DeltaTable

from chargeledger.contract import Column, Contract, RowRule
from chargeledger.errors import KEYS_SHOWN, Refused


def _fails(rule: RowRule) -> str:
    """SQL condition of the rows that break a rule; what a rule cannot tell, breaks it."""
    return f"NOT coalesce(({rule.predicate}), false)"


class Relations(ABC):
    """Relations under their names. Names are not case-sensitive; a relation may be made anew from itself.

    Use as a context manager; `engine` says which engine holds them, and in which version.
    """

    engine: str

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def keep(self, relation: str, sql: str) -> None:
        """Keep the rows of a query as the table `relation`, in place of what had that name."""

    @abstractmethod
    def table(self, relation: str, path: Path, contract: Contract | None = None) -> None:
        """Run a SQL file and keep its rows as the table `relation`; with a contract, hold its columns against it."""

    @abstractmethod
    def show(self, relation: str, sql: str) -> None:
        """Show what a query selects under a name, without keeping its rows."""

    @abstractmethod
    def add(self, relation: str, sql: str) -> None:
        """Add the rows of a query to a table, column by column as they stand."""

    @abstractmethod
    def add_column(self, relation: str, name: str, sql_type: str, value: str | int) -> None:
        """Give a table one more column that has one value in every row."""

    @abstractmethod
    def rename(self, relation: str, name: str) -> None:
        """Give a table or what is shown another name."""

    @abstractmethod
    def drop(self, relation: str) -> None:
        """Forget a table or what is shown; nothing happens where there is none."""

    @abstractmethod
    def view(self, relation: str, files: Sequence[str], contract: Contract) -> None:
        """Show Parquet files, or no rows where there are none, under the contract's names and types."""

    @abstractmethod
    def load_rows(self, relation: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        """Create `relation` with the given column definitions and fill it with a few rows."""

    @abstractmethod
    def load_texts(self, relation: str, path: Path) -> None:
        """Take a small CSV file with a head line as the table `relation`, every column text."""

    @abstractmethod
    def load_hour_offsets(self) -> None:
        """Create `hour_offset` from `session`: for every number of hours that one touches, the offsets 0 .. n-1."""

    @abstractmethod
    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Names and SQL types of the columns of a relation, in their order; the types as contracts write them."""

    @abstractmethod
    def arrow(self, sql: str) -> pa.Table:
        """Rows of a query as Arrow, decimals kept exact."""

    @abstractmethod
    def digest(self, relation: str, contract: Contract) -> str:
        """SHA-256 of the relation: canonical text of its rows without provenance columns, sorted by key.

        Where provenance is part of the key, the text itself is sorted.
        """

    @abstractmethod
    def write(self, relation: str, contract: Contract, path: Path) -> int:
        """Write the rows of a relation as a Parquet file at `path`, or as a folder of such files; returns how many rows.

        The types are the contract's. Where there are no rows, nothing is written.
        """

    @abstractmethod
    def append(self, relation: str, contract: Contract, table: DeltaTable, metadata: dict[str, str]) -> int:
        """Append the rows of a relation to a table on top of exactly its opened version; returns the new one.

        Raises LostRace where another writer was faster.
        """

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Rows of a small query as dictionaries."""
        return list(self.arrow(sql).to_pylist())

    def count(self, sql: str) -> int:
        """Number of rows of a query."""
        return self.scalar(f"SELECT count(*) FROM ({sql})")

    def scalar(self, sql: str) -> int:
        """The one integer of a query; NULL counts as 0."""
        (value,) = self.arrow(sql).column(0).to_pylist()
        return int(value) if value is not None else 0

    def look(self, relation: str, path: Path) -> None:
        """Show what a SQL file selects under a name, without keeping its rows."""
        self.show(relation, path.read_text(encoding="utf-8"))

    def complete(self, contract: Contract, relation: str) -> None:
        """Give a relation the columns that it need not tell, empty, and all of them the order of its contract."""
        told = [name for name, _ in self.columns(relation)]
        known = {column.name for column in contract.columns}
        if unknown := sorted(set(told) - known):
            raise Refused(f"{relation} gives {', '.join(unknown)}, which {contract.file} does not know")
        owed = [column for column in contract.columns if column.name in told or not column.required]
        if [column.name for column in owed][: len(told)] == told:
            self.widen(relation, owed[len(told) :])
            return
        columns = (f'"{c.name}"' if c.name in told else self._none_of(c) for c in owed)
        self.keep(relation, f'SELECT {", ".join(columns)} FROM "{relation}"')

    def widen(self, relation: str, columns: Sequence[Column]) -> None:
        """Give a relation more columns at its end, empty."""
        if columns:
            self.keep(relation, f'SELECT *, {", ".join(map(self._none_of, columns))} FROM "{relation}"')

    def _none_of(self, column: Column) -> str:
        return f'CAST(NULL AS {self.written(column.sql_type)}) AS "{column.name}"'

    def hold_to(self, contract: Contract, relation: str) -> None:
        """Refuse a relation whose columns, types or required values are not those of its contract."""
        actual = self.columns(relation)
        owed = [(column.name, column.sql_type) for column in contract.columns]
        if actual != owed:
            raise Refused(f"{relation} does not have the columns of {contract.file}: owes {owed}, has {actual}")
        required = [column.name for column in contract.columns if column.required]
        asked = [*(f'"{name}" IS NULL' for name in required), *map(_fails, contract.row_rules)]
        failing = self.counts(relation, asked)
        breaches = [f"{name} is empty" for name, rows in zip(required, failing, strict=False) if rows]
        breaches += [
            f"{rule.rule_id} ({rule.description}): {rows} rows, such as {self._keys(contract, relation, rule)}"
            for rule, rows in zip(contract.row_rules, failing[len(required) :], strict=True)
            if rows
        ]
        if breaches:
            raise Refused(f"{relation} breaks {contract.file}: " + "; ".join(breaches))

    def counts(self, relation: str, conditions: Sequence[str]) -> list[int]:
        """Number of rows that meet each of some conditions."""
        if not conditions or not self.count(f'SELECT 1 FROM "{relation}" WHERE {" OR ".join(conditions)}'):
            return [0] * len(conditions)
        return [self.count(f'SELECT 1 FROM "{relation}" WHERE {condition}') for condition in conditions]

    def _keys(self, contract: Contract, relation: str, rule: RowRule) -> str:
        named = " || ' ' || ".join(f'CAST("{name}" AS {self.written("VARCHAR")})' for name in contract.key)
        rows = self.rows(
            f'SELECT {named} AS named FROM "{relation}" WHERE {_fails(rule)} ORDER BY 1 LIMIT {KEYS_SHOWN}'
        )
        return ", ".join(str(row["named"]) for row in rows)

    def written(self, sql_type: str) -> str:
        """A type of a contract as this engine writes it."""
        return sql_type
