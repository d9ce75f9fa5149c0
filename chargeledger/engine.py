"""The embedded SQL engine: one DuckDB session that runs the project's SQL files and writes down digests of relations."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from chargeledger import rooms
from chargeledger.contract import Column, Contract, RowRule
from chargeledger.errors import KEYS_SHOWN, Refused
from chargeledger.workspace import Workspace

PRELUDE = rooms.TRANSFORMS / "prelude"
COMPRESSED_FROM_ROWS = 2_000_000  # compressing takes half as long again, and leaves a fifth of the memory


def _canonical(column: Column) -> str:
    """SQL text of a value in its one canonical spelling; NULL is \\N, and no value holds a bare tab or newline."""
    name = f'"{column.name}"'
    if column.sql_type.startswith("TIMESTAMP"):
        text = f"strftime(timezone('UTC', {name}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    elif column.sql_type == "VARCHAR":
        strange = " OR ".join(f"contains({name}, {each})" for each in (r"'\'", "chr(9)", "chr(10)", "chr(13)"))
        spelt = rf"replace(replace(replace(replace({name}, '\', '\\'), chr(9), '\t'), chr(10), '\n'), chr(13), '\r')"
        text = f"CASE WHEN {strange} THEN {spelt} ELSE {name} END"
    else:
        text = f"CAST({name} AS VARCHAR)"
    return rf"coalesce({text}, '\N')"


def quoted(text: object) -> str:
    """SQL literal of a text or a path."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet(paths: Sequence[object]) -> str:
    """SQL table expression of Parquet files; no folder name is taken for a column."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}], hive_partitioning = false)"


def canonical_line(columns: Sequence[Column]) -> str:
    """SQL expression for a row as one line of canonical text."""
    return " || chr(9) || ".join(_canonical(column) for column in columns)


class Engine:
    """A DuckDB session pinned to UTC with the prelude loaded. Use as a context manager.

    `threads` and the memory limit come from `CHARGELEDGER_THREADS` and `CHARGELEDGER_MEMORY_LIMIT` (for example 4GB)
    where they are not given; no result depends on either. What memory cannot hold goes to a workspace below `spill`, or
    below the system's folder for such files.
    """

    def __init__(self, threads: int | None = None, spill: Path | None = None) -> None:
        self.con = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute("SET enable_progress_bar = false")
        threads = threads or int(os.environ.get("CHARGELEDGER_THREADS", "0"))
        if threads:
            self.con.execute(f"SET threads = {int(threads)}")
        if limit := os.environ.get("CHARGELEDGER_MEMORY_LIMIT"):
            self.con.execute("SET memory_limit = ?", [limit])
        self.workspace = Workspace(spill or Path(tempfile.gettempdir()))
        self.con.execute("SET temp_directory = ?", [str(self.workspace.path / "spilled")])
        for name in ("duckdb.sql", "ingest.sql"):
            self.con.execute((PRELUDE / name).read_text(encoding="utf-8"))

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.con.close()
        self.workspace.close()

    def table(self, relation: str, path: Path, contract: Contract | None = None) -> None:
        """Run a SQL file and keep its rows as the table `relation`; with a contract, hold its columns against it."""
        try:
            told = self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" AS\n{path.read_text(encoding="utf-8")}')
            ((rows,),) = told.fetchall()
        except duckdb.Error as error:
            raise Refused(f"{rooms.said(path)} does not run: {str(error).splitlines()[0]}") from error
        if rows >= COMPRESSED_FROM_ROWS:
            self.con.execute("CHECKPOINT")
        if contract is not None:
            self.hold_to(contract, relation)

    def look(self, relation: str, path: Path) -> None:
        """Show what a SQL file selects under a name, without keeping its rows."""
        self.con.execute(f'CREATE OR REPLACE VIEW "{relation}" AS\n{path.read_text(encoding="utf-8")}')

    def complete(self, contract: Contract, relation: str) -> None:
        """Give a relation the columns that it need not tell, empty, and all of them the order of its contract."""
        told = {row[0] for row in self.con.execute(f'DESCRIBE "{relation}"').fetchall()}
        owed = {column.name for column in contract.columns}
        if unknown := sorted(told - owed):
            raise Refused(f"{relation} gives {', '.join(unknown)}, which {contract.file} does not know")
        columns = ", ".join(
            f'"{c.name}"' if c.name in told else f'CAST(NULL AS {c.sql_type}) AS "{c.name}"'
            for c in contract.columns
            if c.name in told or not c.required
        )
        self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" AS SELECT {columns} FROM "{relation}"')

    def hold_to(self, contract: Contract, relation: str) -> None:
        """Refuse a relation whose columns, types or required values are not those of its contract."""
        rows = self.con.execute(f'DESCRIBE "{relation}"').fetchall()
        actual = [(row[0], row[1]) for row in rows]
        owed = [(column.name, column.sql_type) for column in contract.columns]
        if actual != owed:
            raise Refused(f"{relation} does not have the columns of {contract.file}: owes {owed}, has {actual}")
        breaches = []
        for column in contract.columns:
            if column.required and self.count(f'SELECT 1 FROM "{relation}" WHERE "{column.name}" IS NULL'):
                breaches.append(f"{column.name} is empty")
        for rule in contract.row_rules:
            failing = self.count(f'SELECT 1 FROM "{relation}" WHERE NOT coalesce(({rule.predicate}), false)')
            if failing:
                breaches.append(
                    f"{rule.rule_id} ({rule.description}): {failing} rows, such as {self._keys(contract, relation, rule)}"
                )
        if breaches:
            raise Refused(f"{relation} breaks {contract.file}: " + "; ".join(breaches))

    def _keys(self, contract: Contract, relation: str, rule: RowRule) -> str:
        named = " || ' ' || ".join(f'CAST("{name}" AS VARCHAR)' for name in contract.key)
        rows = self.con.execute(
            f'SELECT {named} FROM "{relation}" WHERE NOT coalesce(({rule.predicate}), false) ORDER BY 1 LIMIT {KEYS_SHOWN}'
        ).fetchall()
        return ", ".join(str(row[0]) for row in rows)

    def view(self, relation: str, files: Sequence[str], contract: Contract) -> None:
        """Show Parquet files, or no rows where there are none, under the contract's names and types."""
        columns = ", ".join(f'CAST("{c.name}" AS {c.sql_type}) AS "{c.name}"' for c in contract.columns)
        if files:
            text = f"SELECT {columns} FROM {parquet(files)}"
        else:
            empty = ", ".join(f'CAST(NULL AS {c.sql_type}) AS "{c.name}"' for c in contract.columns)
            text = f"SELECT {empty} WHERE false"
        self.con.execute(f'CREATE OR REPLACE VIEW "{relation}" AS {text}')

    def load(self, relation: str, rows: pa.Table) -> None:
        """Take an Arrow table as the table `relation`."""
        self.con.register("_arriving", rows)
        self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" AS SELECT * FROM _arriving')
        self.con.unregister("_arriving")

    def load_rows(self, relation: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        """Create `relation` with the given column definitions and fill it with a few rows."""
        self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" ({columns})')
        filled = [list(row) for row in rows]
        if filled:
            self.con.executemany(f'INSERT INTO "{relation}" VALUES ({", ".join("?" * len(filled[0]))})', filled)

    def arrow(self, sql: str) -> pa.Table:
        """Rows of a query as Arrow, decimals kept exact."""
        return self.con.sql(sql).to_arrow_table()

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Rows of a small query as dictionaries."""
        return list(self.arrow(sql).to_pylist())

    def count(self, sql: str) -> int:
        """Number of rows of a query."""
        return int(self.scalar(f"SELECT count(*) FROM ({sql})"))

    def scalar(self, sql: str) -> int:
        """The one integer of a query; NULL counts as 0."""
        ((value,),) = self.con.execute(sql).fetchall()
        return int(value) if value is not None else 0

    def digest(self, relation: str, contract: Contract) -> str:
        """SHA-256 of the relation: canonical text of its rows without provenance columns, sorted by key.

        Where provenance is part of the key, the text itself is sorted.
        """
        told = {column.name for column in contract.digest_columns}
        key = ", ".join(f'"{name}"' for name in contract.key) if told.issuperset(contract.key) else "line"
        sql = f'SELECT {canonical_line(contract.digest_columns)} || chr(10) AS line FROM "{relation}" ORDER BY {key}'
        total = hashlib.sha256()
        for batch in self.con.sql(sql).to_arrow_reader(100_000):
            total.update(_bytes_of(batch.column(0).cast(pa.large_string())))
        return total.hexdigest()


def _bytes_of(texts: pa.LargeStringArray) -> memoryview:
    """UTF-8 of all texts one after another, as they lie in memory."""
    _, places, content = texts.buffers()
    if content is None:
        return memoryview(b"")
    at = memoryview(places).cast("q")  # 8 bytes for each place
    return memoryview(content)[at[texts.offset] : at[texts.offset + len(texts)]]
