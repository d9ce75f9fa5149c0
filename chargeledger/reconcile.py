"""The reward service's own list of what it credited, held against the published ledger: missing, doubled, differing, unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from chargeledger import rooms
from chargeledger.contract import contract
from chargeledger.engine import Engine, quoted
from chargeledger.errors import KEYS_SHOWN, Refused, UsageError, some_keys
from chargeledger.feed import Feed, open_feed

FEED_SQL = rooms.TRANSFORMS / "feed"
OWED = ("entry_id", "user_id", "points")
FINDINGS = ("missing", "doubled", "differing", "unknown")
LINES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class Reconciled:
    """Both sides, and what stands between them.

    `credited_points` = `ledger_points` + the difference_points of all findings. `left_out` rows of the list tell entries that
    were not asked about. `totals` has one row per kind of finding; `examples` at most five entry ids of each.
    """

    until: str
    ledger_entries: int
    ledger_points: int
    credited_rows: int
    credited_points: int
    left_out: int
    totals: dict[str, dict[str, Any]]
    examples: dict[str, list[str]]

    @property
    def is_equal(self) -> bool:
        return not self.totals


def reconcile(
    credited: Path, lake: str | None = None, until: int | None = None, shard: int | None = None, out: Path | None = None
) -> Reconciled:
    """Compare a list with the feed, up to a place in it where one is given; write all findings to `out`."""
    if not credited.is_file():
        raise UsageError(f"no such file: {credited}")
    if out is not None and (out.suffix not in (".csv", ".jsonl") or out.resolve() == credited.resolve()):
        raise UsageError(f"--out takes another file, named .csv or .jsonl, not {out}")
    feed = open_feed(lake, shard)
    last = feed.last if until is None else min(until, feed.last)
    with Engine() as engine:
        _load_list(engine, credited)
        _load_asked(engine, feed, last)
        engine.table("finding", FEED_SQL / "finding.sql")
        engine.table("finding_total", FEED_SQL / "finding_total.sql")
        if out is not None:
            _write(engine, out)
        return _told(engine, f"{feed.place} {last}{'' if shard is None else f' of shard {shard}'}")


def _load_asked(engine: Engine, feed: Feed, last: int) -> None:
    """Every published entry as `asked_entry`, and whether it is asked about; the others are known all the same."""
    listed = replace(feed, shard=None).segments(0, feed.manifest["last_seq"])
    engine.view("feed_entry", [str(feed.published / segment["path"]) for segment in listed], contract("feed_entry"))
    mine = "" if feed.shard is None else f" AND shard = {feed.shard}"
    engine.con.execute(
        "CREATE OR REPLACE TABLE asked_entry AS "
        f"SELECT seq, entry_id, user_id, points, {feed.place} <= {last}{mine} AS is_asked FROM feed_entry"
    )


def _load_list(engine: Engine, path: Path) -> None:
    """The list as `credited`, with the number of each row. Raises Refused where it does not say what it owes."""
    try:
        _load_text(engine, path)
    except duckdb.Error as error:
        raise Refused(f"{path} cannot be read as {_form(path)}: {str(error).splitlines()[0]}") from error
    wrong = engine.rows(
        r"""SELECT row_number FROM credited_text
        WHERE coalesce(entry_id, '') = '' OR coalesce(user_id, '') = ''
          OR NOT coalesce(regexp_full_match(points, '[+-]?[0-9]+'), false) OR TRY_CAST(points AS BIGINT) IS NULL
        ORDER BY row_number"""
    )
    if wrong:
        raise Refused(
            f"{len(wrong)} rows of {path} have no entry_id, no user_id or no whole number of points: rows "
            f"{some_keys([row['row_number'] for row in wrong])}. Nothing was compared; mend them and run it again"
        )
    engine.con.execute(
        "CREATE TABLE credited AS SELECT * REPLACE (CAST(points AS BIGINT) AS points) FROM credited_text"
    )


def _load_text(engine: Engine, path: Path) -> None:
    if _form(path) == "CSV":
        source = (
            f"read_csv({quoted(path)}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
        )
        told = [row[0] for row in engine.con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        columns = {name: f'"{name}"' for name in OWED}
    else:
        source = f"read_ndjson_objects({quoted(path)})"
        keys = f"SELECT DISTINCT unnest(json_keys(json)) FROM {source}"
        told = sorted(row[0] for row in engine.con.execute(keys).fetchall())
        columns = {name: f"json ->> '{name}'" for name in OWED}
    is_empty = _form(path) != "CSV" and not engine.count(f"SELECT 1 FROM {source}")
    if missing := [name for name in OWED if name not in told and not is_empty]:
        has = f"it has {', '.join(told)}" if len(missing) < len(OWED) else "its first line names none of them"
        raise Refused(f"{path} has no column {', '.join(missing)}; {has}. It owes {', '.join(OWED)}")
    said = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    engine.con.execute(f"CREATE TABLE credited_text AS SELECT row_number() OVER () AS row_number, {said} FROM {source}")


def _form(path: Path) -> str:
    if path.suffix == ".csv":
        return "CSV"
    if path.suffix in LINES:
        return "JSON lines"
    raise UsageError(f"--credited takes a CSV file (.csv) or JSON lines ({', '.join(LINES)}), not {path.name}")


def _write(engine: Engine, out: Path) -> None:
    form = "FORMAT csv, HEADER" if out.suffix == ".csv" else "FORMAT json"
    try:
        engine.con.execute(f"COPY finding TO {quoted(out)} ({form})")
    except duckdb.Error as error:
        raise UsageError(f"{out} cannot be written: {str(error).splitlines()[0]}") from error


def _told(engine: Engine, until: str) -> Reconciled:
    examples: dict[str, list[str]] = {}
    for name in FINDINGS:
        rows = engine.rows(f"SELECT entry_id FROM finding WHERE finding = '{name}' LIMIT {KEYS_SHOWN}")
        examples[name] = [str(row["entry_id"]) for row in rows]
    compared = "credited AS c LEFT JOIN asked_entry AS e ON e.entry_id = c.entry_id"
    return Reconciled(
        until=until,
        ledger_entries=engine.count("SELECT 1 FROM asked_entry WHERE is_asked"),
        ledger_points=engine.scalar("SELECT sum(points) FROM asked_entry WHERE is_asked"),
        credited_rows=engine.count(f"SELECT 1 FROM {compared} WHERE coalesce(e.is_asked, true)"),
        credited_points=engine.scalar(f"SELECT sum(c.points) FROM {compared} WHERE coalesce(e.is_asked, true)"),
        left_out=engine.count(f"SELECT 1 FROM {compared} WHERE NOT e.is_asked"),
        totals={str(row["finding"]): row for row in engine.rows("SELECT * FROM finding_total")},
        examples=examples,
    )
