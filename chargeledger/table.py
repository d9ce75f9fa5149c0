"""Tables of the lake: Delta Lake through `deltalake`. Two ways to write, and no third.

`append_once` adds the rows of one landed file, however often it is called. `append_if_unchanged` is compare-and-swap, with rows
or with files that an engine wrote: it commits only on top of the version that the caller read. Two plain appends from one
version would both succeed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from chargeledger.contract import Column, Contract
from chargeledger.errors import LostRace
from chargeledger.place import filesystem_of

Rows: TypeAlias = "pa.Table | pa.RecordBatchReader"
_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DECIMAL(38,0)": pa.decimal128(38, 0),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}
# An auditor reads old versions for as long as the lake lives, so no log entry ever expires.
_KEEP = {
    "delta.appendOnly": "true",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "20",  # opening a table reads a checkpoint and at most as many log entries
}
_WRITER = WriterProperties(compression="ZSTD", compression_level=1)


def arrow_schema(contract: Contract) -> pa.Schema:
    """The contract's columns as an Arrow schema."""
    return pa.schema([_field(column) for column in contract.columns])


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, _ARROW[column.sql_type])


def open_table(path: Path, contract: Contract, version: int | None = None) -> DeltaTable:
    """Open the table, creating it empty (version 0) where it is not there yet."""
    try:
        return DeltaTable(str(path), version=version)
    except TableNotFoundError:
        _create(path, contract)
        return DeltaTable(str(path), version=version)


def _create(path: Path, contract: Contract) -> None:
    """Create the table empty. Without retries, since a lost creation would be tried again on top of the winner's."""
    schema, once = Schema.from_arrow(arrow_schema(contract)), CommitProperties(max_commit_retries=0)
    try:
        DeltaTable.create(str(path), schema=schema, mode="error", configuration=_KEEP, commit_properties=once)
    except DeltaError:
        if not DeltaTable.is_deltatable(str(path)):
            raise


def folder_of(table: DeltaTable) -> Path:
    """Where the table lies."""
    return Path(unquote(table.table_uri).removeprefix("file://"))


def files(table: DeltaTable) -> list[str]:
    """Parquet files of the opened version, as paths, sorted."""
    return sorted(unquote(uri) for uri in table.file_uris())


def rows_where(table: DeltaTable, columns: list[str] | None = None, **equal: str) -> pa.Table:
    """Rows of the opened version where every named column has the given value.

    The files are read as files: a reader over the table's own file handles may outlive the interpreter and abort it.
    """
    if found := files(table):
        return file_rows_where(found, columns, **equal)
    schema = pa.schema(table.schema().to_arrow())
    return schema.empty_table().select(columns or schema.names)


def file_rows_where(paths: list[str], columns: list[str] | None = None, **equal: str | int) -> pa.Table:
    """Rows of Parquet files where every named column has the given value."""
    wanted = [(name, "=", value) for name, value in equal.items()] or None
    return pq.read_table(paths, columns=columns, filters=wanted, partitioning=None, filesystem=filesystem_of(paths[0]))


def append_once(table: DeltaTable, rows: pa.Table, landing_digest: str) -> None:
    """Append the rows that a landed file owes to this table, unless it has them."""
    if table.transaction_version(landing_digest) is not None:
        return
    once = CommitProperties(app_transactions=[Transaction(landing_digest, 1)], max_commit_retries=20)
    try:
        _write(table, rows, once)
    except CommitFailedError:
        fresh = DeltaTable(table.table_uri)
        if fresh.transaction_version(landing_digest) is None:
            raise


def append_if_unchanged(
    table: DeltaTable, rows: Rows, metadata: dict[str, str] | None = None, landing_digest: str | None = None
) -> int:
    """Append on top of exactly the opened version and return the new one. Raises LostRace where another was faster."""
    version = table.version()
    once = [Transaction(landing_digest, 1)] if landing_digest else None
    properties = CommitProperties(custom_metadata=metadata, max_commit_retries=0, app_transactions=once)
    try:
        _write(table, rows, properties)
    except CommitFailedError as error:
        raise LostRace(f"{Path(table.table_uri).name}: another writer committed version {version + 1}") from error
    return int(version) + 1


def append_files_if_unchanged(table: DeltaTable, parts: list[Path], metadata: dict[str, str]) -> int:
    """Take Parquet files that lie below the table as its newest rows, on top of exactly the opened version; returns the new one.

    Raises LostRace where another writer was faster.
    """
    version, root = table.version(), folder_of(table)
    properties = CommitProperties(custom_metadata=metadata, max_commit_retries=0)
    try:
        table.create_write_transaction(
            [_added(path, root) for path in parts], "append", table.schema(), commit_properties=properties
        )
    except CommitFailedError as error:
        raise LostRace(f"{root.name}: another writer committed version {version + 1}") from error
    return int(version) + 1


def _added(path: Path, root: Path) -> AddAction:
    told = path.stat()
    stats = json.dumps({"numRecords": pq.read_metadata(path).num_rows})
    name = path.relative_to(root).as_posix()
    return AddAction(name, told.st_size, {}, told.st_mtime_ns // 1_000_000, data_change=True, stats=stats)


def _write(table: DeltaTable, rows: Rows, properties: CommitProperties) -> None:
    write_deltalake(
        table,
        rows,
        mode="append",
        commit_properties=properties,
        writer_properties=_WRITER,
        target_file_size=256 * 1024 * 1024,
    )


def row_count(table: DeltaTable) -> int:
    """Rows of the opened version, from the log alone."""
    actions = pa.table(table.get_add_actions(flatten=True))
    return sum(actions.column("num_records").to_pylist()) if actions.num_rows else 0
