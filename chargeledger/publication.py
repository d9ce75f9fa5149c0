"""Publication: an immutable directory with one DuckDB file and a manifest of Parquet segments, verified before the pointer moves.

A path that readers may have open is never written again. Superseded publications are kept for a time; see `retention`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

import chargeledger
from chargeledger import rooms
from chargeledger.chain import FEED, Segment, shard_count, verify_chains
from chargeledger.contract import Contract, contract
from chargeledger.engine import Engine, quoted
from chargeledger.errors import LostRace, Refused
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.place import taking_turns
from chargeledger.publication_inputs import load_published_inputs
from chargeledger.published import DATABASE, Published, current, require_current
from chargeledger.receipt import canonical_json
from chargeledger.retention import keep_time, remove_superseded
from chargeledger.scope import Inputs
from chargeledger.segment import verify_lines, verify_segments, write_segments
from chargeledger.shelf import Shelf, shelf_of
from chargeledger.whole_file import write_file

Report = Callable[[str], None]
RELATIONS = (
    "ledger_entry",
    "user_points",
    "session_assessment",
    "session_status",
    "vintage",
    "period_statement",
    "grid_intensity_hour",
    "energy_match",
    "supply_balance",
    "certificate_balance",
    "publication",
)
# What several of them are made from, in the order in which one rests on the other.
BETWEEN = ("match_standing", "retirement_due", "certificate_judged")


def publish(lake: Lake, at: str | None, report: Report, keep_days: int | None = None) -> dict[str, Any]:
    """Publish what the ledger holds; nothing, where the current publication holds it already. Remove what is kept long enough.

    Returns number, path, is_new, last_seq and points.
    """
    parse_instant(at)
    keep = keep_time(keep_days)
    with taking_turns(lake.root / "published" / ".lock", lake.root):
        shelf, shards = shelf_of(lake), shard_count(lake)
        shelf.clear_litter()
        while True:
            try:
                is_new = _publish_newer(lake, shelf, at, shards, report)
                break
            except LostRace as race:
                report(f"{race}: reading again")
        remove_superseded(lake, at, keep, report)
        return _outcome(require_current(lake), is_new=is_new)


def _publish_newer(lake: Lake, shelf: Shelf, at: str | None, shards: int, report: Report) -> bool:
    """Publish, unless the current publication holds all of the ledger. Raises LostRace where another became current meanwhile."""
    seen = shelf.seen()
    before, inputs = current(lake), Inputs.newest(lake)
    if before is not None and before.manifest["ledger_version"] == inputs.ledger_version:
        return False
    number = shelf.take_number()
    with shelf.building() as building:
        report(f"building publication {number}")
        _build(lake, building, number, inputs, before, at, shards)
        shelf.put(building, number)
    shelf.point(number, seen)
    return True


def _outcome(published: Published, *, is_new: bool) -> dict[str, Any]:
    manifest = published.manifest
    return {
        "number": manifest["number"],
        "path": str(published.path),
        "is_new": is_new,
        "last_seq": manifest["last_seq"],
        "points": manifest["points"],
    }


def _build(
    lake: Lake, building: Path, number: int, inputs: Inputs, before: Published | None, at: str | None, shards: int
) -> None:
    commits = lake.commits(until=inputs.ledger_version)
    clock = max([lake.clock(at), *([parse_instant(before.manifest["published_at"])] if before else [])])
    with Engine(spill=lake.spill()) as engine:
        load_published_inputs(lake, engine, inputs, before)
        engine.load_rows(
            "publishing",
            "number BIGINT, published_at TIMESTAMPTZ, ledger_version BIGINT, previous_digest VARCHAR, package_version VARCHAR",
            [(number, clock, inputs.ledger_version, before.digest if before else None, chargeledger.__version__)],
        )
        for relation in BETWEEN:
            engine.table(relation, rooms.TRANSFORMS / "publish" / f"{relation}.sql")
        for relation in RELATIONS:
            engine.table(relation, rooms.TRANSFORMS / "publish" / f"{relation}.sql", published_contract(relation))
        fresh, heads = write_segments(lake, engine, commits, before.manifest if before else None, shards)
        _write_database(engine, building / DATABASE)
        _read_back(engine, building / DATABASE)
        manifest = _manifest(engine, fresh, heads, number, instant_text(clock), inputs, before)
        verify_segments(lake, fresh)
        verify_lines(lake, engine, [segment for segment in fresh if segment["relation"] == FEED])
        _verify(lake, engine, manifest, before)
        write_file(building / "manifest.json", canonical_json(manifest))


def published_contract(relation: str) -> Contract:
    """The contract that readers get: assessments are published with points, methodology and status."""
    return contract("published_assessment" if relation == "session_assessment" else relation)


def _manifest(
    engine: Engine,
    fresh: list[Segment],
    heads: list[Segment],
    number: int,
    published_at: str,
    inputs: Inputs,
    before: Published | None,
) -> dict[str, Any]:
    said = engine.rows("SELECT last_seq, points FROM publication")[0]
    return {
        "number": number,
        "published_at": published_at,
        "ledger_version": inputs.ledger_version,
        "last_seq": said["last_seq"],
        "points": int(said["points"]),  # type: ignore[call-overload]
        "previous_digest": before.digest if before else None,
        "package_version": chargeledger.__version__,
        "database": {name: engine.digest(name, published_contract(name)) for name in RELATIONS},
        "shards": heads,
        "segments": [*(before.manifest["segments"] if before else []), *fresh],
    }


def _write_database(engine: Engine, path: Path) -> None:
    engine.con.execute(f"ATTACH {quoted(path)} AS published")
    for relation in RELATIONS:
        engine.con.execute(f"CREATE TABLE published.{relation} AS SELECT * FROM {relation}")
    engine.con.execute("CHECKPOINT published")
    engine.con.execute("DETACH published")


def _read_back(engine: Engine, path: Path) -> None:
    """Let every relation be what the new file gives back. Refuses a file that gives other rows than were written to it."""
    rows = "SELECT count(*), sum(hash(row)), bit_xor(hash(row)) FROM {} AS row"
    try:
        engine.con.execute(f"ATTACH {quoted(path)} AS written (READ_ONLY)")
        for relation in RELATIONS:
            made, found = (
                engine.con.execute(rows.format(f"{place}.{relation}")).fetchall() for place in ("main", "written")
            )
            if made != found:
                raise Refused(
                    f"nothing was published: the new database gives back other rows of {relation} than were written"
                )
            engine.con.execute(f"DROP TABLE {relation}")
            engine.show(relation, f"SELECT * FROM written.{relation}")
    except duckdb.Error as error:
        raise Refused(
            f"nothing was published: the new database cannot be read back: {str(error).splitlines()[0]}"
        ) from error


def _verify(lake: Lake, engine: Engine, manifest: dict[str, Any], before: Published | None) -> None:
    """Read the segments back and hold the relations, as the new file gives them, against them: counts, sums, fold, gaps.

    All segments while everything is published; with a window those that are new, on top of what was held so before.
    """
    verify_chains(manifest)
    is_whole = not engine.count("SELECT 1 FROM published_window WHERE from_day IS NOT NULL")
    known = [] if is_whole or before is None else before.manifest["segments"]
    show_segments(lake, engine, manifest["segments"][len(known) :], before.manifest if before and known else None)
    breaches = []
    if sum(head["points"] for head in manifest["shards"]) != manifest["points"]:
        breaches.append("the sum of points of the segments is not that of the ledger")
    if sum(head["last_shard_seq"] for head in manifest["shards"]) != manifest["last_seq"]:
        breaches.append("the segments do not hold as many entries as the ledger")
    breaches += breaches_of(engine, ("publish", "segment", *(["whole"] if is_whole else [])))
    if breaches:
        raise Refused("nothing was published, because the publication does not hold:\n  " + "\n  ".join(breaches))


def show_segments(lake: Lake, engine: Engine, segments: list[Segment], before: dict[str, Any] | None) -> None:
    """Show the entries of segments as `segment_ledger_entry`, and behind which entry of each shard they begin."""
    listed = [str(lake.root / "published" / s["path"]) for s in segments if s["relation"] == FEED]
    engine.view("segment_ledger_entry", listed, contract("feed_entry"))
    heads = [(head["shard"], head["last_shard_seq"]) for head in before["shards"]] if before else []
    engine.load_rows("segment_head", "shard BIGINT, last_shard_seq BIGINT", heads)
    last = (before["last_seq"], before["ledger_version"]) if before else (0, 0)
    engine.load_rows("segment_start", "seq BIGINT, ledger_version BIGINT", [last])


def breaches_of(engine: Engine, folders: Sequence[str]) -> list[str]:
    """What breaks the properties that the files of these folders of transforms/invariant state."""
    breaches = []
    for path in sorted(path for folder in folders for path in (rooms.TRANSFORMS / "invariant" / folder).glob("*.sql")):
        if broken := engine.count(path.read_text(encoding="utf-8")):
            breaches.append(f"{path.stem}: {broken} rows ({path.relative_to(rooms.ROOT)})")
    return breaches
