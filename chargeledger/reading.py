"""Reading a landed file as rows of text, identity columns already replaced by pseudonyms.

Nothing is guessed: the reader does what the source definition says, and a file that is not so is refused, with the place.
No message repeats a row, since rows hold identities.
"""

from __future__ import annotations

import csv
import difflib
import os
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from chargeledger.engine import Engine, quoted
from chargeledger.errors import Refused
from chargeledger.limits import Limits, beyond, limits_of
from chargeledger.pseudonym import pseudonym
from chargeledger.reading_json import read_json
from chargeledger.source import Source

CASELESS = {"token"}  # tokens compare without case, as OCPI has it


def read_rows(engine: Engine, source: Source, path: Path, file_name: str, key: bytes) -> None:
    """Fill `landed_row` (row_number from 1, and the file's columns as text) and `source_constant` in the engine."""
    limits = limits_of(source)
    engine.load_words("ingest")
    engine.con.execute("CREATE OR REPLACE TABLE source_constant AS SELECT 1 AS one")
    for name, value in {**source.constants, "file_name": file_name}.items():
        engine.con.execute(f'ALTER TABLE source_constant ADD COLUMN "{name}" VARCHAR DEFAULT {quoted(value)}')
    if path.stat().st_size == 0:
        raise Refused(f"{file_name}: rule rows_present: the file is empty")
    try:
        FORMATS[source.reader["format"]](engine, source, path, file_name, limits)
    except duckdb.OutOfMemoryException as error:
        raise Refused(
            f"{file_name}: rule memory: it does not fit into the memory and the disk that the SQL engine may use. "
            "Send less in one file, or raise CHARGELEDGER_MEMORY_LIMIT"
        ) from error
    limits.hold("row_count", engine.count("SELECT 1 FROM landed_row"), file_name)
    for column, namespace in source.identity.items():
        _pseudonymise(engine, column, namespace, key)


def _check_header(source: Source, header: list[str], file_name: str) -> None:
    # A first row may hold data, so only names that the definition knows are repeated to people.
    twice = sorted({name for name in source.definition.column_names if header.count(name) > 1})
    if twice:
        raise Refused(f"{file_name}: rule columns_once: the header names {', '.join(twice)} more than once")
    absent = [column for column in source.definition.columns if column.name not in header]
    spelt = {_letters(name) for name in header}
    # An optional column may be absent, not spelt another way: what it says would be lost without a word.
    missing = [column.name for column in absent if column.required or _letters(column.name) in spelt]
    if missing:
        near = {name: difflib.get_close_matches(name, header, 1) for name in missing}
        hints = [f"{name} (is it '{found[0]}' here?)" if found else name for name, found in near.items()]
        raise Refused(
            f"{file_name}: rule columns_present: column {', '.join(hints)} of {source.definition.file} is missing. "
            f"The first row has {len(header)} columns; a file without a header is refused so too"
        )


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _check_exact(source: Source, schema: pa.Schema, file_name: str) -> None:
    told = [name for name in source.definition.column_names if name in schema.names]
    binary = [name for name in told if pa.types.is_floating(schema.field(name).type)]
    if binary:
        raise Refused(
            f"{file_name}: rule exact_figures: column {', '.join(binary)} holds binary fractions, in which 0.1 is not 0.1. "
            "Send decimals or text"
        )


def _columns(source: Source, told: dict[str, str]) -> str:
    """The columns of the definition as a list for SELECT; one that the file does not have is empty."""
    names = source.definition.column_names
    return ", ".join(f'CAST({told.get(name, "NULL")} AS VARCHAR) AS "{name}"' for name in names)


def _header(path: Path, source: Source, file_name: str, limits: Limits) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as text:
            lines = iter(lambda: text.readline(limits.line_size), "")
            header = next(csv.reader(lines, delimiter=source.reader["delimiter"], quotechar=source.reader["quote"]))
    except UnicodeDecodeError as error:
        raise Refused(f"{file_name}: rule utf8: {_place_of_bad_byte(path, limits)}") from error
    except (StopIteration, csv.Error) as error:
        raise Refused(f"{file_name}: rule csv_shape: the first row cannot be read as a header of CSV") from error
    limits.hold("column_count", len(header), file_name)
    return header


def _place_of_bad_byte(path: Path, limits: Limits) -> str:
    with open(path, "rb") as raw:
        for number, line in enumerate(iter(lambda: raw.readline(limits.line_size), b""), start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f"line {number}, byte {error.start + 1} is not UTF-8. Save the file as UTF-8 and send it again"
    return "the text cannot be read as CSV"


def _read_csv(engine: Engine, source: Source, path: Path, file_name: str, limits: Limits) -> None:
    header = _header(path, source, file_name, limits)
    _check_header(source, header, file_name)
    columns = ", ".join(f"'column_{place}': 'VARCHAR'" for place in range(len(header)))
    wanted = _columns(source, {name: f"column_{place}" for place, name in enumerate(header)})
    reader = source.reader
    try:
        engine.con.execute(
            f"""CREATE OR REPLACE TABLE landed_row AS
            SELECT row_number() OVER () AS row_number, {wanted}
            FROM read_csv({quoted(path)}, columns = {{{columns}}}, auto_detect = false, header = true,
              delim = {quoted(reader["delimiter"])}, quote = {quoted(reader["quote"])},
              escape = {quoted(reader["quote"])}, nullstr = '', max_line_size = {limits.line_size})"""
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if "Maximum line size" in str(error):
            raise Refused(beyond("line_size", limits.line_size, file_name)) from None
        if _line_ends_made_equal(path):
            return _read_csv(engine, source, path, file_name, limits)
        found = re.search(r"Line: (\d+)", str(error))
        line = f"line {found.group(1)}" if found else "a line"
        if "unicode" in str(error).lower() or "utf-8" in str(error).lower():
            raise Refused(f"{file_name}: rule utf8: {_place_of_bad_byte(path, limits)}") from None
        raise Refused(
            f"{file_name}: rule csv_shape: {line} does not have the {len(header)} columns of the header, or its quotes "
            "do not close"
        ) from None


def _line_ends_made_equal(path: Path) -> bool:
    """Where lines of the unpacked copy end in both ways, give all of them (and those inside quotes) the short one."""
    even, kinds = path.with_name("even"), set()
    with open(path, "rb") as raw, open(even, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        for line in raw:
            kinds.add(line.endswith(b"\r\n"))
            out.write(line.removesuffix(b"\r\n") + b"\n" if line.endswith(b"\r\n") else line)
    if kinds != {True, False}:
        even.unlink()
        return False
    even.replace(path)
    return True


def _read_parquet(engine: Engine, source: Source, path: Path, file_name: str, limits: Limits) -> None:
    try:
        footer = pq.read_metadata(path)
        limits.hold("column_count", footer.num_columns, file_name)
        limits.hold("row_count", footer.num_rows, file_name)
        schema = footer.schema.to_arrow_schema()
        _check_header(source, schema.names, file_name)
        _check_exact(source, schema, file_name)
        wanted = _columns(source, {name: f'"{name}"' for name in schema.names})
        told = [name for name in source.definition.column_names if name in schema.names]
        size = " + ".join(f'coalesce(strlen(CAST("{name}" AS VARCHAR)), 0)' for name in told)
        rows = f"read_parquet({quoted(path)}, file_row_number = true, hive_partitioning = false)"
        # A value that stands once in the file may stand in every row: only the rows themselves tell the size.
        limits.hold("file_size", engine.scalar(f"SELECT sum({size}) FROM {rows}"), file_name)
        engine.con.execute(
            f"""CREATE OR REPLACE TABLE landed_row AS
            SELECT file_row_number + 1 AS row_number, {wanted}
            FROM {rows}"""
        )
    except duckdb.OutOfMemoryException:
        raise
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise Refused(
            f"{file_name}: rule parquet_whole: this is not a whole Parquet file (cut off, or another format). "
            "Send it again"
        ) from error


def _alike(namespace: str, identity: str) -> str:
    return identity.upper() if namespace in CASELESS else identity


def _pseudonymise(engine: Engine, column: str, namespace: str, key: bytes) -> None:
    name = f'"{column}"'
    raw = engine.con.execute(f"SELECT DISTINCT told({name}) FROM landed_row WHERE told({name}) IS NOT NULL").fetchall()
    identities = [row[0] for row in raw]
    known = pa.table(
        {
            "identity": pa.array(identities, pa.string()),
            "pseudonym": pa.array(
                [pseudonym(key, namespace, _alike(namespace, identity)) for identity in identities], pa.string()
            ),
        }
    )
    engine.load("identity_pseudonym", known)
    engine.con.execute(
        f"""CREATE OR REPLACE TABLE landed_row AS
        SELECT r.* REPLACE (p.pseudonym AS {name})
        FROM landed_row AS r LEFT JOIN identity_pseudonym AS p ON p.identity = told(r.{name})"""
    )
    engine.con.execute("DROP TABLE identity_pseudonym")


FORMATS = {"csv": _read_csv, "parquet": _read_parquet, "json": read_json}
