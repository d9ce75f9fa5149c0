"""Finds a text wherever a lake may hide it: in names, in plain bytes, in every value of every Parquet file and DuckDB table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


def found_in(folder: str | Path, needles: list[str], *, but_not_below: tuple[str, ...] = ()) -> list[str]:
    """The files below the folder in which a needle is, with the needle."""
    root, found = Path(folder), []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if not path.is_file() or inside.parts[0] in but_not_below:
            continue
        told = [_text(inside), path.read_bytes().decode("latin-1"), *_values(path)]
        found += [f"{inside}: {needle}" for needle in needles if any(_text(needle) in text for text in told)]
    return found


def _values(path: Path) -> Iterator[str]:
    if path.suffix == ".parquet":
        table = pq.ParquetFile(path).read()
        yield str(table.schema.metadata)
        for column in table.columns:
            yield from map(_text, set(map(str, column.to_pylist())))
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                told = con.execute(f'SELECT CAST(t AS VARCHAR) FROM "{name}" AS t').fetchall()
                yield from (_text(row[0]) for row in told)


def _text(value: object) -> str:
    return str(value).encode().decode("latin-1")
