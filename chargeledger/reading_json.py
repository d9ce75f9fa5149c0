"""Reading JSON: an array, one object or one after another, objects that wrap an array or hold a record a member, as rows of text.

The shape is that of the whole file. A number is kept as the digits that stand in the file, since a JSON parser turns it into a
binary fraction, in which 0.1 is not 0.1. Of a key that stands twice in one object the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from chargeledger.engine import Engine, quoted
from chargeledger.errors import Refused
from chargeledger.limits import Limits, beyond
from chargeledger.source import Source

_STRING = r'"(?:[^"\\]|\\.)*"'
# Whatever stands before a number, and the number: the number gets quotes, and an empty one comes behind the last.
_UNQUOTED = rf'((?:{_STRING}|[^"0-9-])+)(-?[0-9][0-9.eE+-]*)?'
_EXACT = f"regexp_replace(json, {quoted(_UNQUOTED)}, '\\1\"\\2\"', 'g')[:-3]"
# No word outside of strings but these, and the letter of an exponent: parsers also take NaN, nan and Infinity.
_STANDARD = rf'(?:[^"A-Za-z]|{_STRING}|true|false|null|[0-9][eE])*'
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def read_json(engine: Engine, source: Source, path: Path, file_name: str, limits: Limits) -> None:
    """Fill `landed_row` from a JSON file. Raises Refused where it is not whole, too deep, or of another shape."""
    with refusing(file_name, limits):
        records = _records(engine, source, json_objects(engine, path, file_name, limits), file_name)
        rows = json_rows(source.definition.column_names, source.reader.get("rows", ""), records)
        engine.con.execute(f"CREATE OR REPLACE TABLE landed_row AS\n{rows}")
    _check_columns(engine, source, file_name)


@contextmanager
def refusing(file_name: str, limits: Limits) -> Iterator[None]:
    """What the engine cannot read as JSON is refused in our words."""
    try:
        yield
    except (duckdb.InvalidInputException, UnicodeDecodeError) as error:
        raise Refused(f"{file_name}: {_said(str(error), limits, file_name)}") from None


def json_objects(engine: Engine, path: Path, file_name: str, limits: Limits) -> str:
    """The objects of a file, as SQL that reads them; every one of them has been looked at. Use within `refusing`."""
    objects = (
        f"read_json_objects({quoted(path)}, format = '{_shape(path, file_name)}', "
        f"maximum_object_size = {limits.object_size})"
    )
    _check_objects(engine, objects, file_name, limits)
    return objects


def _shape(path: Path, file_name: str) -> str:
    """`array`, or `unstructured` for objects one after another, by the first byte; the last one must close it."""
    with open(path, "rb") as raw:
        first = raw.read(1 << 16).removeprefix(_BOM).lstrip(_BLANK)[:1]
        raw.seek(max(path.stat().st_size - (1 << 16), 0))
        last = raw.read().rstrip(_BLANK)[-1:]
    if first not in (b"[", b"{"):
        raise Refused(f"{file_name}: rule json_shape: it begins with neither [ nor {{. Send JSON in UTF-8")
    if last != (b"]" if first == b"[" else b"}"):
        raise Refused(f"{file_name}: rule json_whole: it ends before its last object or array is closed. Send it again")
    return "array" if first == b"[" else "unstructured"


def _check_objects(engine: Engine, objects: str, file_name: str, limits: Limits) -> None:
    """What is true of every object, before any of them is taken apart."""
    ((largest, no_object, deep, strange),) = engine.con.execute(
        f"""SELECT max(strlen(json)), count(*) FILTER (WHERE json[1] <> '{{'),
        count(*) FILTER (WHERE NOT regexp_full_match(json, {quoted(_no_deeper(limits.nesting_depth))})),
        count(*) FILTER (WHERE NOT regexp_full_match(json, {quoted(_STANDARD)}))
        FROM (SELECT trim(CAST(json AS VARCHAR), ' \t\r\n') AS json FROM {objects})"""
    ).fetchall()
    limits.hold("object_size", largest or 0, file_name)
    if deep:
        raise Refused(beyond("nesting_depth", limits.nesting_depth, file_name, f"{deep:,} objects are deeper"))
    if no_object:
        raise Refused(
            f"{file_name}: rule json_objects: {no_object:,} rows are null, a number, text or a list, and no object"
        )
    if strange:
        raise Refused(
            f"{file_name}: rule json_numbers: {strange:,} objects hold NaN, Infinity or another word that is no JSON"
        )


def _no_deeper(depth: int) -> str:
    """A pattern of JSON with at most so many brackets open at once."""
    inside = rf'(?:[^"\[\]{{}}]|{_STRING})*'
    for _ in range(depth):
        inside = rf'(?:[^"\[\]{{}}]|{_STRING}|[\[{{]{inside}[\]}}])*'
    return inside


def _records(engine: Engine, source: Source, objects: str, file_name: str) -> str:
    """The objects themselves, their members, or what they wrap: all of them, or none."""
    if "members" in source.reader:
        return _members(json_records(objects), source.reader["members"])
    if "records" not in source.reader:
        return json_records(objects)
    wrapper = source.reader["records"]
    told, wrapping = wrapping_objects(engine, objects, wrapper)
    if not wrapping:
        return json_records(objects)
    if wrapping < told:
        raise Refused(
            f"{file_name}: rule json_shape: {wrapping:,} of {told:,} objects wrap a list {wrapper}; "
            f"all of a file do, or none ({source.definition.file})"
        )
    return json_records(objects, wrapper)


def wrapping_objects(engine: Engine, objects: str, wrapper: str) -> tuple[int, int]:
    """How many objects there are, and how many of them hold a list under a name."""
    wraps = f"json_type(json, {_json_path(wrapper)}) = 'ARRAY'"
    ((told, wrapping),) = engine.con.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {wraps}) FROM {objects}"
    ).fetchall()
    return told, wrapping


def json_records(objects: str, wrapper: str | None = None) -> str:
    """The objects, or the elements of the lists that they wrap, each a `record` whose numbers are text."""
    exact = f"(SELECT CAST({_EXACT} AS JSON) AS record FROM {objects})"
    if wrapper is None:
        return exact
    return f"(SELECT unnest(json_extract(record, {_json_path(wrapper)[:-1]}[*]')) AS record FROM {exact})"


def _members(records: str, name: str) -> str:
    """The members of every object in their order, each an object that tells under `name` what it was called."""
    member = f"json_merge_patch(m.value, json_object({quoted(name)}, m.key))"
    placed = f"(SELECT row_number() OVER () AS place, record FROM {records})"
    return f"""(SELECT unnest(members) AS record FROM (
      SELECT r.place, list({member} ORDER BY m.id) AS members FROM {placed} AS r, json_each(r.record) AS m
      GROUP BY r.place ORDER BY r.place))"""


def json_rows(columns: Sequence[str], lists: str, records: str) -> str:
    """One row per record, or per element of the lists that a path names; a record without any keeps one row."""
    levels, table = [""], f"(SELECT record AS level_0 FROM {records})"
    for place, name in enumerate(lists.split(".") if lists else []):
        levels.append(f"{levels[-1]}{name}.")
        path, above = _json_path(name), f"level_{place}"
        table = f"""(SELECT *, unnest(CASE WHEN json_array_length({above}, {path}) > 0
          THEN json_extract({above}, {path[:-1]}[*]') ELSE [NULL] END) AS level_{place + 1} FROM {table})"""
    asked: list[list[str]] = [[] for _ in levels]  # an object is taken apart once for all its columns
    told = []
    for column in columns:
        level = max(place for place, prefix in enumerate(levels) if column.startswith(prefix))
        asked[level].append(_json_path(column.removeprefix(levels[level])))
        told.append(f'told_{level}[{len(asked[level])}] AS "{column}"')
    taken = [
        f"json_extract_string(level_{n}, [{', '.join(paths)}]) AS told_{n}" for n, paths in enumerate(asked) if paths
    ]
    return f"SELECT row_number() OVER () AS row_number, {', '.join(told)} FROM (SELECT {', '.join(taken)} FROM {table})"


def _json_path(column: str) -> str:
    return quoted("$" + "".join(f'."{name}"' for name in column.split(".")))


def _check_columns(engine: Engine, source: Source, file_name: str) -> None:
    """A required column stands in one object at least: in a file of another kind it stands in none."""
    required = [column.name for column in source.definition.columns if column.required]
    counts = ", ".join(["count(*)", *(f'count("{name}")' for name in required)])
    ((rows, *told),) = engine.con.execute(f"SELECT {counts} FROM landed_row").fetchall()
    missing = [name for name, count in zip(required, told, strict=True) if not count]
    if rows and missing:
        raise Refused(
            f"{file_name}: rule columns_present: {', '.join(missing)} of {source.definition.file} stands in no object"
        )


def _said(error: str, limits: Limits, file_name: str) -> str:
    """The engine's message in our words; it may repeat what stands in the file, and counts from 2."""
    if "maximum_object_size" in error:
        return beyond("object_size", limits.object_size, file_name).removeprefix(f"{file_name}: ")
    found = re.search(r"in (?:record/value|line) (\d+): (.*)", error)
    place, why = (int(found[1]) - 1, found[2]) if found else (1, "utf-8")
    if "utf-8" in why.lower() or "unicode" in why.lower():
        return f"rule utf8: object {place} is not UTF-8. Save the file as UTF-8 and send it again"
    return f"rule json_whole: object {place} is not whole or no JSON. Send the file again"
