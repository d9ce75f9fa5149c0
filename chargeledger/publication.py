"""Publication: an immutable directory with one DuckDB file and a manifest of Parquet segments, verified before the pointer moves.

A segment is written once and shared by all later publications. A path that readers may have open is never written again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import chargeledger
from chargeledger import rooms
from chargeledger.accounting import write_parquet
from chargeledger.computation import STATES, load_prior, open_inputs
from chargeledger.contract import Contract, contract
from chargeledger.engine import Engine, parquet, quoted
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake, LedgerCommit, instant_text, parse_instant, write_file
from chargeledger.period import load_frozen, load_lines
from chargeledger.receipt import canonical_json
from chargeledger.scope import Inputs
from chargeledger.table import arrow_schema

Report = Callable[[str], None]
DATABASE = "chargeledger.duckdb"
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
    "publication",
)
WHOLE_BELOW_SESSIONS = 1_000_000
WINDOW_DAYS = int(os.environ.get("CHARGELEDGER_PUBLISHED_DAYS", "90"))


@dataclass(frozen=True)
class Published:
    """The current publication: its directory and manifest."""

    path: Path
    manifest: dict[str, Any]
    digest: str

    @property
    def database(self) -> Path:
        return self.path / DATABASE


def current(lake: Lake) -> Published | None:
    """The publication that `published/CURRENT` names, or None before the first."""
    pointer = lake.root / "published" / "CURRENT"
    if not pointer.exists():
        return None
    path = lake.root / "published" / pointer.read_text(encoding="ascii").strip()
    raw = (path / "manifest.json").read_bytes()
    return Published(path, json.loads(raw), hashlib.sha256(raw).hexdigest())


def require_current(lake: Lake) -> Published:
    """The current publication. Raises UsageError before the first."""
    found = current(lake)
    if found is None:
        raise UsageError(f"the lake at {lake.root} has no publication yet: run 'chargeledger publish' or 'run' first")
    return found


@contextmanager
def _one_publisher(lake: Lake) -> Iterator[None]:
    """Publishers take turns; the lock goes with its process."""
    with open(lake.root / "published" / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(lake: Lake, at: str | None, report: Report) -> dict[str, Any]:
    """Publish what the ledger holds; nothing, where the current publication holds it already.

    Returns number, path, is_new, last_seq and points.
    """
    parse_instant(at)
    with _one_publisher(lake):
        before = current(lake)
        inputs = Inputs.newest(lake)
        if before and before.manifest["ledger_version"] == inputs.ledger_version:
            return _outcome(before, is_new=False)
        for left in (lake.root / "published").glob(".building-*"):
            shutil.rmtree(left, ignore_errors=True)  # of a publisher that died: whoever builds holds the lock
        number = 1 + max((int(p.name) for p in (lake.root / "published").iterdir() if p.name.isdigit()), default=0)
        building = lake.root / "published" / f".building-{uuid.uuid4().hex}"
        building.mkdir()
        try:
            report(f"building publication {number}")
            _build(lake, building, number, inputs, before, at)
            os.rename(building, lake.root / "published" / str(number))
        finally:
            shutil.rmtree(building, ignore_errors=True)
        write_file(lake.root / "published" / "CURRENT", str(number).encode())
        return _outcome(require_current(lake), is_new=True)


def _outcome(published: Published, *, is_new: bool) -> dict[str, Any]:
    manifest = published.manifest
    return {
        "number": manifest["number"],
        "path": str(published.path),
        "is_new": is_new,
        "last_seq": manifest["last_seq"],
        "points": manifest["points"],
    }


def _build(lake: Lake, building: Path, number: int, inputs: Inputs, before: Published | None, at: str | None) -> None:
    commits = lake.commits(until=inputs.ledger_version)
    clock = max([lake.clock(at), *([parse_instant(before.manifest["published_at"])] if before else [])])
    with Engine(spill=lake.spill()) as engine:
        open_inputs(lake, engine, inputs, commits)
        load_prior(engine)
        _load_window(engine)
        closes = lake.closes(until=inputs.ledger_version)
        load_lines(engine, closes, [])
        load_frozen(lake, engine, closes)
        last_batch = commits[-1].batch_seq if commits else 0
        engine.load_rows("accounted", "batch_seq BIGINT", [(last_batch,)])
        engine.load_rows(
            "publishing",
            "number BIGINT, published_at TIMESTAMPTZ, ledger_version BIGINT, previous_digest VARCHAR, package_version VARCHAR",
            [(number, clock, inputs.ledger_version, before.digest if before else None, chargeledger.__version__)],
        )
        for relation in RELATIONS:
            engine.table(relation, rooms.TRANSFORMS / "publish" / f"{relation}.sql", published_contract(relation))
        known = before.manifest["segments"] if before else []
        done = {(segment["relation"], segment["receipt"]) for segment in known}
        fresh = [s for commit in commits for s in _segments(lake, engine, commit, done)]
        manifest = _manifest(engine, [*known, *fresh], number, instant_text(clock), inputs, before)
        _write_database(engine, building / DATABASE)
        verify_segments(lake, manifest)
        _verify(lake, engine, manifest)
        write_file(building / "manifest.json", canonical_json(manifest))


def published_contract(relation: str) -> Contract:
    """The contract that readers get: assessments are published with points, methodology and status."""
    return contract("published_assessment" if relation == "session_assessment" else relation)


def _load_window(engine: Engine) -> None:
    """Everything while the lake is small, afterwards the last days."""
    last = None
    if engine.count("SELECT 1 FROM prior_state") >= WHOLE_BELOW_SESSIONS:
        ((latest,),) = engine.con.execute("SELECT max(vintage) FROM prior_state").fetchall()
        last = latest - timedelta(days=WINDOW_DAYS)
    engine.load_rows("published_window", "from_day DATE", [(last,)])


def _segments(lake: Lake, engine: Engine, commit: LedgerCommit, done: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Write the segments of one commit that earlier publications do not have."""
    folder = lake.root / "published" / "segments"
    if ("ledger_entry", commit.receipt) not in done:
        rows = engine.arrow(f"SELECT * FROM ledger_entry_log WHERE receipt_digest = '{commit.receipt}' ORDER BY seq")
        if rows.num_rows:
            first, last = rows.column("seq")[0].as_py(), rows.column("seq")[-1].as_py()
            path = folder / "ledger_entry" / f"{first:012d}-{last:012d}.parquet"
            points = sum(rows.column("points").to_pylist())
            said = {"first_seq": first, "last_seq": last, "points": points}
            yield _segment(lake, path, "ledger_entry", commit, rows.cast(arrow_schema(contract("ledger_entry"))), said)
    for relation in STATES:
        kept = lake.state_file(relation, commit.receipt)
        if (relation, commit.receipt) not in done and kept.exists():
            path = folder / relation / f"{commit.version:012d}-{commit.receipt[:16]}.parquet"
            rows = engine.arrow(f"SELECT * FROM {parquet([kept])}")
            if rows.num_rows:
                yield _segment(lake, path, relation, commit, rows.cast(arrow_schema(contract(relation))), {})


def _segment(
    lake: Lake, path: Path, relation: str, commit: LedgerCommit, rows: Any, said: dict[str, Any]
) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_parquet(path, rows)
    return {
        "relation": relation,
        "path": path.relative_to(lake.root / "published").as_posix(),
        "receipt": commit.receipt,
        "ledger_version": commit.version,
        "rows": rows.num_rows,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **said,
    }


def _manifest(
    engine: Engine,
    segments: list[dict[str, Any]],
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
        "segments": segments,
    }


def _write_database(engine: Engine, path: Path) -> None:
    engine.con.execute(f"ATTACH {quoted(path)} AS published")
    for relation in RELATIONS:
        engine.con.execute(f"CREATE TABLE published.{relation} AS SELECT * FROM {relation}")
    engine.con.execute("CHECKPOINT published")
    engine.con.execute("DETACH published")


def verify_segments(lake: Lake, manifest: dict[str, Any]) -> None:
    """Refuse a publication one of whose segments is missing or is not the bytes that its manifest names."""
    for segment in manifest["segments"]:
        path = lake.root / "published" / segment["path"]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != segment["sha256"]:
            raise Refused(f"segment {segment['path']} is missing or changed; the publication is not to be trusted")


def _verify(lake: Lake, engine: Engine, manifest: dict[str, Any]) -> None:
    """Read the segments back and hold the relations against them: counts, sums, fold, gaps."""
    listed = [s for s in manifest["segments"] if s["relation"] == "ledger_entry"]
    files = [str(lake.root / "published" / s["path"]) for s in listed]
    engine.view("segment_ledger_entry", files, contract("ledger_entry"))
    breaches = []
    if engine.scalar("SELECT sum(points) FROM segment_ledger_entry") != manifest["points"]:
        breaches.append("the sum of points of the segments is not that of the ledger")
    if engine.count("SELECT 1 FROM segment_ledger_entry") != manifest["last_seq"]:
        breaches.append("the segments do not hold as many entries as the ledger")
    for path in sorted((rooms.TRANSFORMS / "invariant" / "publish").glob("*.sql")):
        engine.table("breach", path)
        if broken := engine.count("SELECT 1 FROM breach"):
            breaches.append(f"{path.stem}: {broken} rows ({path.relative_to(rooms.ROOT)})")
    if breaches:
        raise Refused("nothing was published, because the publication does not hold:\n  " + "\n  ".join(breaches))
