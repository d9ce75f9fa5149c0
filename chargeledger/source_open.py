"""Opening a file before anything is known of it: its kind, its columns, and its first rows as text in the table `seen`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from chargeledger.engine import Engine, quoted
from chargeledger.errors import Refused
from chargeledger.limits import limits_of
from chargeledger.reading_json import json_objects, json_records, json_rows, refusing, wrapping_objects

ROWS_SEEN = 100_000
_JSON = rb"(\xef\xbb\xbf)?\s*(\[\s*[{\]]|\{\s*[\"}])"  # a header of CSV may begin with a bracket too
_WRAPPERS = r"data|records?|items?|rows?|results?|list|content|cdrs|sessions|orders|transactions|charges"
Opened = tuple[dict[str, str], list[str], set[str]]


def opened(engine: Engine, path: Path) -> Opened:
    """How a file is read, its columns in order, and those of binary fractions. Raises Refused where it is no table."""
    with open(path, "rb") as raw:
        begins = raw.read(1 << 12)
    if begins.startswith(b"PAR1"):
        return _open_parquet(engine, path)
    return _open_json(engine, path) if re.match(_JSON, begins) else _open_csv(engine, path)


def named(name: str) -> str:
    """A column as SQL names it."""
    return '"' + name.replace('"', '""') + '"'


def _open_parquet(engine: Engine, path: Path) -> Opened:
    try:
        schema = pq.read_schema(path)
        wanted = ", ".join(f"CAST({named(name)} AS VARCHAR) AS {named(name)}" for name in schema.names)
        engine.con.execute(
            f"CREATE TABLE seen AS SELECT {wanted} FROM read_parquet({quoted(path)}, hive_partitioning = false) LIMIT {ROWS_SEEN}"
        )
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise Refused(f"{path.name}: this is not a whole Parquet file") from error
    binary = {name for name in schema.names if pa.types.is_floating(schema.field(name).type)}
    return {"format": "parquet"}, list(schema.names), binary


def _open_csv(engine: Engine, path: Path) -> Opened:
    try:
        told = engine.con.execute(f"SELECT Delimiter, Quote, HasHeader FROM sniff_csv({quoted(path)})").fetchall()[0]
        delimiter, quote = told[0], told[1] if len(told[1]) == 1 else '"'
        with open(path, encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text, delimiter=delimiter, quotechar=quote))
    except (duckdb.Error, UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise Refused(
            f"{path.name}: this is neither Parquet nor JSON nor CSV in UTF-8, or its rows differ in length"
        ) from error
    _check_names(path, names, told[2])
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    try:
        engine.con.execute(
            f"""CREATE TABLE seen AS SELECT * FROM read_csv({quoted(path)}, columns = {{{columns}}}, auto_detect = false,
            header = true, delim = {quoted(delimiter)}, quote = {quoted(quote)}, escape = {quoted(quote)}, nullstr = '')
            LIMIT {ROWS_SEEN}"""
        )
    except duckdb.Error as error:
        raise Refused(f"{path.name}: not every row has the {len(names)} columns of the first") from error
    return {"format": "csv", "delimiter": delimiter, "quote": quote}, names, set()


def _open_json(engine: Engine, path: Path) -> Opened:
    limits = limits_of()
    with refusing(path.name, limits):
        objects = json_objects(engine, path, path.name, limits)
        ((told,),) = engine.con.execute(f"SELECT json_group_structure(json) FROM {objects}").fetchall()
        structure = told if isinstance(told := json.loads(told or "{}"), dict) else {}
        wrapper = _wrapper(engine, objects, structure)
        names = _names(path, structure[wrapper][0] if wrapper else structure)
        limits.hold("column_count", len(names), path.name)
        rows = json_rows(names, "", json_records(objects, wrapper))
        engine.con.execute(f"CREATE TABLE seen AS SELECT * FROM ({rows}) LIMIT {ROWS_SEEN}")
    return {"format": "json"} | ({"records": wrapper} if wrapper else {}), names, set()


def _wrapper(engine: Engine, objects: str, structure: dict[str, Any]) -> str | None:
    """The name of the list of records that every object wraps, where its name says that it is one."""
    for name, told in structure.items():
        if re.fullmatch(_WRAPPERS, name.lower()) and isinstance(told, list) and isinstance(told[0], dict):
            count, wrapping = wrapping_objects(engine, objects, name)
            return name if wrapping == count else None
    return None


def _names(path: Path, structure: dict[str, Any]) -> list[str]:
    """The columns of objects, nested ones by path; a list is one column."""
    keys = list(_keys(structure))
    names = [".".join(key) for key in keys]
    if any(not part.strip() or re.search(r'[."\\]', part) for key in keys for part in key):
        raise Refused(
            f"{path.name}: a key is blank or holds a dot, a quotation mark or \\; a column cannot be named by it"
        )
    if _like_data(names):
        raise Refused(f"{path.name}: keys of its objects look like data, and columns are read by name")
    if len(names) < 2:
        raise Refused(f"{path.name}: its objects have fewer than two keys; a session needs more")
    if _is_twice(names):
        raise Refused(f"{path.name}: two keys differ in nothing but capitals, and columns are named without case")
    return names


def _keys(structure: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, told in structure.items():
        if isinstance(told, dict):
            yield from _keys(told, (*above, name))
        else:
            yield (*above, name)


def _check_names(path: Path, names: list[str], has_header: bool) -> None:
    # Without a header the first row is somebody's, so none of it is repeated.
    if len(names) < 2:
        raise Refused(
            f"{path.name}: one column only; a session needs more. Is it a CSV with another delimiter than , ; | or tab?"
        )
    if not has_header or _like_data(names):
        raise Refused(
            f"{path.name}: the first row is not a header, and columns are read by name. Ask its sender for a header"
        )
    if _is_twice(names) or any('"' in name for name in names):
        raise Refused(
            f"{path.name}: the header names a column more than once, or with a quotation mark. Ask its sender for others"
        )


def _like_data(names: list[str]) -> bool:
    return any(re.search(r"\d{4}-\d\d|\d[:.]\d\d|@", name) or re.fullmatch(r"[-+\d.,\s]*", name) for name in names)


def _is_twice(names: list[str]) -> bool:
    return len({name.lower() for name in names}) < len(names)
