"""Relations held by Spark: the same SQL files on as many machines as a master has workers. Nothing else knows Spark.

The master and further settings come from `CHARGELEDGER_SPARK_MASTER` (all cores of this machine where it is not given) and
`CHARGELEDGER_SPARK_CONF`, a file of lines "name value" as Spark's own. The lake must lie where driver and workers see it under
one path.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from deltalake import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from chargeledger import rooms
from chargeledger.contract import Column, Contract
from chargeledger.errors import LostRace, Refused, UsageError
from chargeledger.relations import Relations
from chargeledger.table import append_files_if_unchanged, folder_of
from chargeledger.whole_file import through_to_disk
from chargeledger.workspace import Workspace

PRELUDE = rooms.TRANSFORMS / "prelude"
WRITTEN = {"VARCHAR": "STRING", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMP"}
OF_CONTRACTS = {"string": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "int": "INTEGER"}
ARROW = {
    "STRING": pa.string(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(38,0)": pa.decimal128(38, 0),
}
OWN = {
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, as everywhere else
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
QUIET = {"spark.ui.showConsoleProgress": "false"}
HERE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}


@cache
def _spark() -> SparkSession:
    """The one session of this process, from which each engine takes its own."""
    master = os.environ.get("CHARGELEDGER_SPARK_MASTER", "local[*]")
    builder = SparkSession.Builder().appName("chargeledger").master(master)
    for name, value in {**QUIET, **(HERE if master.startswith("local") else {}), **_asked(), **OWN}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _asked() -> dict[str, str]:
    """Settings of the file that `CHARGELEDGER_SPARK_CONF` names."""
    if not (name := os.environ.get("CHARGELEDGER_SPARK_CONF")):
        return {}
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"CHARGELEDGER_SPARK_CONF names {name}, which cannot be read: {error.strerror}") from error
    told = (
        re.split(r"[\s=]+", line.strip(), maxsplit=1) for line in lines if line.strip() and not line.startswith("#")
    )
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in told}


def _canonical(column: Column) -> str:
    """SQL text of a value in its one canonical spelling, as other engines spell it."""
    name = f'"{column.name}"'
    if column.sql_type.startswith("TIMESTAMP"):
        text = f"date_format({name}, 'yyyy-MM-dd''T''HH:mm:ss.SSSSSS''Z''')".replace("''", "\\'")
    elif column.sql_type == "VARCHAR":
        text = name
        for sign, letter in (("chr(92)", "chr(92)"), ("chr(9)", "'t'"), ("chr(10)", "'n'"), ("chr(13)", "'r'")):
            text = f"replace({text}, {sign}, chr(92) || {letter})"
    else:
        text = f"CAST({name} AS STRING)"
    return f"coalesce({text}, chr(92) || 'N')"


class SparkEngine(Relations):
    """A Spark session pinned to UTC with the prelude loaded. Use as a context manager."""

    engine = f"spark {pyspark.__version__}"

    def __init__(self, spill: Path | None = None) -> None:
        self.session = _spark().newSession()
        for name, value in OWN.items():
            self.session.conf.set(name, value)
        text = re.sub(r"--[^\n]*", "", (PRELUDE / "spark.sql").read_text(encoding="utf-8"))
        for statement in filter(None, map(str.strip, text.split(";"))):
            self.session.sql(statement)
        self.workspace = Workspace(spill or Path(tempfile.gettempdir()))
        self.kept = 0

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.workspace.close()

    def table(self, relation: str, path: Path, contract: Contract | None = None) -> None:
        try:
            self.keep(relation, path.read_text(encoding="utf-8"))
        except PySparkException as error:
            raise Refused(f"{rooms.said(path)} does not run: {str(error).splitlines()[0]}") from error
        if contract is not None:
            self.hold_to(contract, relation)

    def keep(self, relation: str, sql: str) -> None:
        self._hold(relation, self.session.sql(sql))

    def _hold(self, relation: str, rows: DataFrame) -> None:
        """Write the rows down, so that what rests on them does not carry along how they came about.

        What has no rows is not written and says so, which spares the work on most of what rests on it.
        """
        if rows._jdf.queryExecution().optimizedPlan().nodeName() != "LocalRelation":
            self.kept += 1
            folder = self.workspace.path / f"{self.kept:05d}_{relation}"
            rows.write.parquet(str(folder), compression="zstd")
            if any(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet")):
                self.session.read.schema(rows.schema).parquet(str(folder)).createOrReplaceTempView(relation)
                return
        elif told := rows.collect():
            self.session.createDataFrame(told, rows.schema).createOrReplaceTempView(relation)
            return
        self._empty(relation, [(field.name, field.dataType.simpleString()) for field in rows.schema.fields])

    def _empty(self, relation: str, columns: Sequence[tuple[str, str]]) -> None:
        told = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns)
        self.show(relation, f"SELECT {told} WHERE false")

    def show(self, relation: str, sql: str) -> None:
        self.session.sql(sql).createOrReplaceTempView(relation)

    def add(self, relation: str, sql: str) -> None:
        before = self.session.table(relation)
        types = [(field.name, field.dataType) for field in before.schema.fields]
        more = self.session.sql(sql)
        if len(more.columns) != len(types):
            raise Refused(f"{relation} has {len(types)} columns, and {len(more.columns)} are to be added")
        cast = [more[told].cast(kind).alias(name) for told, (name, kind) in zip(more.columns, types, strict=True)]
        self._hold(relation, before.unionAll(more.select(*cast)))

    def add_column(self, relation: str, name: str, sql_type: str, value: str | int) -> None:
        said = f"'{value}'" if isinstance(value, str) else value
        self.keep(relation, f'SELECT *, CAST({said} AS {self.written(sql_type)}) AS "{name}" FROM "{relation}"')

    def rename(self, relation: str, name: str) -> None:
        self.session.table(relation).createOrReplaceTempView(name)
        self.drop(relation)

    def drop(self, relation: str) -> None:
        self.session.catalog.dropTempView(relation)

    def view(self, relation: str, files: Sequence[str], contract: Contract) -> None:
        if not files:
            owed = ", ".join(f'"{c.name}" {c.sql_type}' for c in contract.columns)
            return self.load_rows(relation, owed, [])
        rows = self.session.read.parquet(*files)
        cast = [rows[c.name].cast(self.written(c.sql_type)).alias(c.name) for c in contract.columns]
        rows.select(*cast).createOrReplaceTempView(relation)

    def load_rows(self, relation: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        told = [each.strip().split(" ", 1) for each in re.split(r",(?![^(]*\))", columns)]
        names, types = [name.strip('"') for name, _ in told], [self.written(sql_type) for _, sql_type in told]
        filled = [[_as(kind, value) for kind, value in zip(types, row, strict=True)] for row in rows]
        if not filled:
            return self._empty(relation, list(zip(names, types, strict=True)))
        values = [
            pa.array(column, type=ARROW[kind]) for column, kind in zip(zip(*filled, strict=True), types, strict=True)
        ]
        self.session.createDataFrame(pa.Table.from_arrays(values, names=names)).createOrReplaceTempView(relation)
        return None

    def load_texts(self, relation: str, path: Path) -> None:
        with open(path, encoding="utf-8", newline="") as lines:
            names, *rows = csv.reader(lines)
        told = ([value or None for value in row] for row in rows)
        self.load_rows(relation, ", ".join(f"{name} VARCHAR" for name in names), told)

    def load_hour_offsets(self) -> None:
        self.keep("hour_offset", (PRELUDE / "spark_hour_offset.sql").read_text(encoding="utf-8"))

    def columns(self, relation: str) -> list[tuple[str, str]]:
        said = ((field.name, field.dataType.simpleString()) for field in self.session.table(relation).schema.fields)
        return [(name, OF_CONTRACTS.get(kind, kind.upper())) for name, kind in said]

    def arrow(self, sql: str) -> pa.Table:
        return self.session.sql(sql).toArrow()

    def write(self, relation: str, contract: Contract, path: Path) -> int:
        rows = self._sorted(relation, contract)
        count = int(rows.count())
        if not count:
            return 0
        building = path.parent / f".writing-{uuid4().hex}"
        self._write_parts(rows, building)
        building.rename(path)
        return count

    def append(self, relation: str, contract: Contract, table: DeltaTable, metadata: dict[str, str]) -> int:
        folder = folder_of(table) / f"part-{uuid4().hex}"
        self._write_parts(self._sorted(relation, contract), folder)
        try:
            return append_files_if_unchanged(table, sorted(folder.glob("*.parquet")), metadata)
        except LostRace:
            shutil.rmtree(folder)
            raise

    def _sorted(self, relation: str, contract: Contract) -> DataFrame:
        cast = ", ".join(f'CAST("{c.name}" AS {self.written(c.sql_type)}) AS "{c.name}"' for c in contract.columns)
        key = ", ".join(f'"{name}" NULLS LAST' for name in contract.key)
        return self.session.sql(f'SELECT {cast} FROM "{relation}" ORDER BY {key}')

    def _write_parts(self, rows: DataFrame, folder: Path) -> None:
        """Parquet files through to the disk, without the notes that Spark leaves beside them."""
        rows.write.parquet(str(folder), compression="zstd")
        for path in folder.iterdir():
            if path.suffix != ".parquet" or path.name.startswith("."):
                path.unlink()
        through_to_disk(folder)

    def counts(self, relation: str, conditions: Sequence[str]) -> list[int]:
        """All of them in one reading."""
        if not conditions:
            return []
        counted = ", ".join(f"count_if({each}) AS c{number}" for number, each in enumerate(conditions))
        (row,) = self.rows(f'SELECT {counted} FROM "{relation}"')
        return [int(str(value)) for value in row.values()]

    def written(self, sql_type: str) -> str:
        return WRITTEN.get(sql_type, sql_type)

    def digest(self, relation: str, contract: Contract) -> str:
        told = {column.name for column in contract.digest_columns}
        key = ", ".join(f'"{name}" NULLS LAST' for name in contract.key) if told.issuperset(contract.key) else "line"
        line = ", chr(9), ".join(_canonical(column) for column in contract.digest_columns)
        sql = f'SELECT line FROM (SELECT *, concat({line}, chr(10)) AS line FROM "{relation}") ORDER BY {key}'
        total = hashlib.sha256()
        for row in self.session.sql(sql).toLocalIterator():
            total.update(row.line.encode())
        return total.hexdigest()


def _as(kind: str, value: object) -> object:
    """A value as its type needs it: days may be told as text."""
    if value is None:
        return None
    if kind == "DATE" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind.startswith("DECIMAL"):
        return Decimal(str(value))
    return int(str(value)) if kind == "BIGINT" else value
