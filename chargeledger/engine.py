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
from deltalake import DeltaTable

from chargeledger import rooms
from chargeledger.contract import Column, Contract
from chargeledger.errors import Refused
from chargeledger.place import filesystems
from chargeledger.relations import Relations
from chargeledger.table import append_if_unchanged, arrow_schema
from chargeledger.whole_file import ROW_GROUP, write_parquet
from chargeledger.workspace import Workspace

PRELUDE = rooms.TRANSFORMS / "prelude"
COMPRESSED_FROM_ROWS = 2_000_000  # a relation of fewer does not change how full the memory is


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
    """SQL expression for a row as one line of canonical text; joined at once, since `||` copies what it has at every column."""
    return f"concat({', chr(9), '.join(map(_canonical, columns))})"


class Engine(Relations):
    """A DuckDB session pinned to UTC with the prelude loaded. Use as a context manager.

    `threads` and the memory limit come from `CHARGELEDGER_THREADS` and `CHARGELEDGER_MEMORY_LIMIT` (for example 4GB)
    where they are not given; no result depends on either. What memory cannot hold goes to a workspace below `spill`, or
    below the system's folder for such files. A session that reads no file whose order counts need not keep rows `in_order`,
    which takes memory.
    """

    engine = f"duckdb {duckdb.__version__}"

    def __init__(self, threads: int | None = None, spill: Path | None = None, *, in_order: bool = True) -> None:
        self.con = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
        for filesystem in filesystems():
            self.con.register_filesystem(filesystem)
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute("SET enable_progress_bar = false")
        self.con.execute("SET preserve_insertion_order = ?", [in_order])
        threads = threads or int(os.environ.get("CHARGELEDGER_THREADS", "0"))
        if threads:
            self.con.execute(f"SET threads = {int(threads)}")
        if limit := os.environ.get("CHARGELEDGER_MEMORY_LIMIT"):
            self.con.execute("SET memory_limit = ?", [limit])
        self.workspace = Workspace(spill or Path(tempfile.gettempdir()))
        self.con.execute("SET temp_directory = ?", [str(self.workspace.path / "spilled")])
        self.load_words("duckdb")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.con.close()
        self.workspace.close()

    def table(self, relation: str, path: Path, contract: Contract | None = None) -> None:
        try:
            self.keep(relation, path.read_text(encoding="utf-8"))
        except duckdb.Error as error:
            raise Refused(f"{rooms.said(path)} does not run: {str(error).splitlines()[0]}") from error
        if contract is not None:
            self.hold_to(contract, relation)

    def keep(self, relation: str, sql: str) -> None:
        ((rows,),) = self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" AS\n{sql}').fetchall()
        if rows >= COMPRESSED_FROM_ROWS and self._is_half_full():
            self.con.execute("CHECKPOINT")  # compresses what is there: a fifth of the memory, for half the time again

    def _is_half_full(self) -> bool:
        used = "(SELECT sum(memory_usage_bytes) FROM duckdb_memory())"
        return bool(self.scalar(f"SELECT 2 * {used} > parse_formatted_bytes(current_setting('memory_limit'))"))

    def show(self, relation: str, sql: str) -> None:
        self.con.execute(f'CREATE OR REPLACE VIEW "{relation}" AS\n{sql}')

    def add(self, relation: str, sql: str) -> None:
        self.con.execute(f'INSERT INTO "{relation}" {sql}')

    def add_column(self, relation: str, name: str, sql_type: str, value: str | int) -> None:
        said = quoted(value) if isinstance(value, str) else value
        self.con.execute(f'ALTER TABLE "{relation}" ADD COLUMN "{name}" {sql_type} DEFAULT {said}')

    def widen(self, relation: str, columns: Sequence[Column]) -> None:
        for column in columns:
            self.con.execute(f'ALTER TABLE "{relation}" ADD COLUMN "{column.name}" {column.sql_type}')

    def rename(self, relation: str, name: str) -> None:
        self.con.execute(f'ALTER {self._kind(relation)} "{relation}" RENAME TO "{name}"')

    def drop(self, relation: str) -> None:
        self.con.execute(f'DROP {self._kind(relation)} IF EXISTS "{relation}"')

    def _kind(self, relation: str) -> str:
        asked = "SELECT 1 FROM duckdb_views() WHERE NOT internal AND lower(view_name) = lower(?)"
        return "VIEW" if self.con.execute(asked, [relation]).fetchall() else "TABLE"

    def columns(self, relation: str) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in self.con.execute(f'DESCRIBE "{relation}"').fetchall()]

    def view(self, relation: str, files: Sequence[str], contract: Contract) -> None:
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
        self.con.execute(f'CREATE OR REPLACE TABLE "{relation}" ({columns})')
        filled = [list(row) for row in rows]
        if filled:
            self.con.executemany(f'INSERT INTO "{relation}" VALUES ({", ".join("?" * len(filled[0]))})', filled)

    def load_texts(self, relation: str, path: Path) -> None:
        self.keep(relation, f"SELECT * FROM read_csv({quoted(path)}, all_varchar = true)")

    def load_hour_offsets(self) -> None:
        self.load_words("hour_offset")

    def load_words(self, prelude: str) -> None:
        """Make the words of one file of transforms/prelude known here: those of ingestion only where something is read in."""
        self.con.execute((PRELUDE / f"{prelude}.sql").read_text(encoding="utf-8"))

    def arrow(self, sql: str) -> pa.Table:
        return self.con.sql(sql).to_arrow_table()

    def write(self, relation: str, contract: Contract, path: Path) -> int:
        if not self.count(f'SELECT 1 FROM "{relation}"'):
            return 0
        return write_parquet(path, self.read(f"SELECT * FROM {relation} ORDER BY ALL", contract))

    def append(self, relation: str, contract: Contract, table: DeltaTable, metadata: dict[str, str]) -> int:
        rows = self.read(f"SELECT * FROM {relation} ORDER BY {', '.join(contract.key)}", contract)
        return append_if_unchanged(table, rows, metadata)

    def read(self, sql: str, contract: Contract) -> pa.RecordBatchReader:
        """Rows of a query with the types of a contract, a part at a time."""
        return self.con.sql(sql).to_arrow_reader(ROW_GROUP).cast(arrow_schema(contract))

    def scalar(self, sql: str) -> int:
        ((value,),) = self.con.execute(sql).fetchall()
        return int(value) if value is not None else 0

    def digest(self, relation: str, contract: Contract) -> str:
        if not self.count(f'SELECT 1 FROM "{relation}"'):
            return hashlib.sha256().hexdigest()
        told = {column.name for column in contract.digest_columns}
        key = ", ".join(f'"{name}"' for name in contract.key) if told.issuperset(contract.key) else "line"
        sql = f'SELECT concat({canonical_line(contract.digest_columns)}, chr(10)) AS line FROM "{relation}" ORDER BY {key}'
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
