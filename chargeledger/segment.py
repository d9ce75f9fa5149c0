"""Segments: what was posted since, in files that are written once and shared by all later publications.

Ledger entries are split by a hash of their user into shards, each with a gapless sequence of its own, and lie side by side as
Parquet and as JSON lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc

from chargeledger import rooms
from chargeledger.chain import FEED, Segment, first_heads, follow, link
from chargeledger.computation import STATES
from chargeledger.contract import contract
from chargeledger.engine import Engine, parquet, quoted
from chargeledger.errors import Refused
from chargeledger.feed import json_lines
from chargeledger.lake import Lake, LedgerCommit
from chargeledger.table import arrow_schema
from chargeledger.whole_file import whole_file, write_parquet

FEED_SQL = rooms.TRANSFORMS / "feed"


def write_segments(
    lake: Lake, engine: Engine, commits: list[LedgerCommit], before: dict[str, Any] | None, shards: int
) -> tuple[list[Segment], list[Segment]]:
    """Write what earlier publications do not have, commit by commit; return those segments and where each shard ends now."""
    heads = list(before["shards"]) if before else first_heads(shards)
    fresh: list[Segment] = []
    _load_arrived(engine, heads, before["last_seq"] if before else 0)
    for commit in commits:
        if before is None or commit.version > before["ledger_version"]:
            for head in list(heads):
                for segment in _entries(lake, engine, commit, head, shards):
                    heads[head["shard"]] = follow(head, segment)
                    fresh.append(segment)
            fresh += _states(lake, engine, commit)
    return fresh, heads


def _load_arrived(engine: Engine, heads: list[Segment], last_seq: int) -> None:
    """Entries that no segment holds, as `feed_entry`, with shard and shard_seq."""
    engine.load_rows("feed_known", "shards BIGINT, last_seq BIGINT", [(len(heads), last_seq)])
    places = [(head["shard"], head["last_shard_seq"]) for head in heads]
    engine.load_rows("feed_head", "shard BIGINT, last_shard_seq BIGINT", places)
    engine.table("feed_entry", FEED_SQL / "feed_entry.sql", contract("feed_entry"))


def _entries(lake: Lake, engine: Engine, commit: LedgerCommit, head: Segment, shards: int) -> Iterator[Segment]:
    """The segment of one commit and shard, where the commit posted any entry of it."""
    rows = engine.arrow(
        f"SELECT * FROM feed_entry WHERE receipt_digest = '{commit.receipt}' AND shard = {head['shard']} ORDER BY seq"
    ).cast(arrow_schema(contract("feed_entry")))
    if not rows.num_rows:
        return
    first, last = rows.column("seq")[0].as_py(), rows.column("seq")[-1].as_py()
    folder = lake.root / "published" / "segments" / FEED / f"{head['shard']}-of-{shards}"
    path = folder / f"{first:012d}-{last:012d}.parquet"
    if not path.exists():
        write_parquet(path, rows)
    segment = _segment(lake, path, FEED, commit, rows.num_rows)
    lines = folder / f"{first:012d}-{last:012d}.jsonl"
    if not lines.exists():
        with whole_file(lines) as out:
            out.writelines(json_lines([rows]))
    lines_sha256 = _sha256(lines)
    yield segment | {
        "lines": _name(lake, lines),
        "lines_sha256": lines_sha256,
        "shard": head["shard"],
        "first_seq": first,
        "last_seq": last,
        "first_shard_seq": rows.column("shard_seq")[0].as_py(),
        "last_shard_seq": rows.column("shard_seq")[-1].as_py(),
        "points": pc.sum(rows.column("points")).as_py(),
        "previous_digest": head["digest"],
        "digest": link(head["digest"], segment["sha256"], lines_sha256),
    }


def _states(lake: Lake, engine: Engine, commit: LedgerCommit) -> Iterator[Segment]:
    """The segments of the states that one commit set."""
    for relation in STATES:
        if kept := lake.state_files(relation, [commit]):
            folder = lake.root / "published" / "segments" / relation
            path = folder / f"{commit.version:012d}-{commit.receipt[:16]}.parquet"
            if not path.exists():
                write_parquet(path, engine.read(f"SELECT * FROM {parquet(kept)}", contract(relation)))
            yield _segment(lake, path, relation, commit, commit.states[relation])


def _segment(lake: Lake, path: Path, relation: str, commit: LedgerCommit, rows: int) -> Segment:
    return {
        "relation": relation,
        "path": _name(lake, path),
        "receipt": commit.receipt,
        "ledger_version": commit.version,
        "rows": rows,
        "sha256": _sha256(path),
    }


def _name(lake: Lake, path: Path) -> str:
    """Of a segment, as the manifest has it."""
    return str(path).removeprefix(f"{lake.root / 'published'}/")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_segments(lake: Lake, segments: list[Segment]) -> None:
    """Refuse segments one of whose files is missing or is not the bytes that the manifest names."""
    for segment in segments:
        named = {segment["path"]: segment["sha256"]}
        if segment["relation"] == FEED:
            named[segment["lines"]] = segment["lines_sha256"]
        for name, digest in named.items():
            path = lake.root / "published" / name
            if not path.exists() or _sha256(path) != digest:
                raise Refused(f"segment {name} is missing or changed; the publication is not to be trusted")


def verify_lines(lake: Lake, engine: Engine, segments: list[Segment]) -> None:
    """Refuse segments of entries whose JSON lines, read back, are not the rows of their Parquet file, read back."""
    columns = contract("feed_entry").columns
    types = ", ".join(f"{c.name}: '{'VARCHAR' if c.sql_type.startswith('DEC') else c.sql_type}'" for c in columns)
    casts = ", ".join(f"CAST({c.name} AS {c.sql_type}) AS {c.name}" for c in columns)
    for segment in segments:
        rows, lines = (lake.root / "published" / segment[name] for name in ("path", "lines"))
        engine.view("segment_row", [str(rows)], contract("feed_entry"))
        engine.con.execute(
            f"CREATE OR REPLACE VIEW segment_line AS SELECT {casts} FROM "
            f"read_json({quoted(lines)}, format = 'newline_delimited', columns = {{{types}}})"
        )
        try:
            same = not engine.count((FEED_SQL / "line_breach.sql").read_text(encoding="utf-8"))
        except duckdb.Error:
            same = False
        if not same:
            raise Refused(
                f"nothing was published: segment {segment['lines']} does not hold the rows of {segment['path']}"
            )
