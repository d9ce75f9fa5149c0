"""How long superseded publications are kept, and their removal.

Readers hold a publication by its path for a while after they read the pointer, so its time begins when the next one appears. It
must have passed by the lake's clock and by that of the file system. What is current stays, and every segment that a kept
manifest names. Of a removed publication a few figures stay in `published/removed/`, so that the chain by digest stays whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from chargeledger.errors import UsageError
from chargeledger.lake import Lake, instant_text, parse_instant
from chargeledger.receipt import canonical_json
from chargeledger.shelf import shelf_of
from chargeledger.whole_file import write_file

Report = Callable[[str], None]
KEEP_VARIABLE = "CHARGELEDGER_KEEP_PUBLICATIONS_DAYS"
KEEP_DAYS = 7
SAID = ("number", "published_at", "ledger_version", "last_seq", "points", "previous_digest")


def keep_time(days: int | None) -> timedelta:
    """How long a superseded publication is kept: as asked, else as the environment says. Raises UsageError."""
    asked = str(days) if days is not None else os.environ.get(KEEP_VARIABLE) or str(KEEP_DAYS)
    if not (asked.isascii() and asked.isdigit()) or int(asked) > 36_500:
        raise UsageError(
            f"publications are kept for a whole number of days from 0 to 36500, not '{asked}' ({KEEP_VARIABLE})"
        )
    return timedelta(days=int(asked))


def remove_superseded(lake: Lake, at: str | None, keep: timedelta, report: Report) -> list[int]:
    """Remove the publications whose time has passed, then segments that nobody names; return the numbers."""
    removed = []
    for path, clock in list(_superseded(lake, at, keep)):
        _remove(lake, path, clock)
        removed.append(int(path.name))
        report(f"publication {path.name} removed: superseded for more than {keep.days} days")
    if removed:
        _remove_unnamed(lake, keep)
    return removed


def _superseded(lake: Lake, at: str | None, keep: timedelta) -> Iterator[tuple[Path, datetime]]:
    """With the lake's clock; oldest first, up to the first whose time has not passed: no later one's has."""
    clock = None
    current = (lake.root / "published" / "CURRENT").read_text(encoding="ascii").strip()
    for path, successor in pairwise(shelf_of(lake).numbered()):
        manifest = successor / "manifest.json"
        if path.name == current or not _is_older(manifest, keep):
            return
        clock = clock or lake.clock(at)
        if parse_instant(json.loads(manifest.read_bytes())["published_at"]) + keep > clock:
            return
        yield path, clock


def _is_older(path: Path, keep: timedelta) -> bool:
    return path.stat().st_mtime + keep.total_seconds() <= time.time()


def _remove(lake: Lake, path: Path, clock: datetime) -> None:
    """Keep what the chain needs, then take the directory away under its name at once."""
    raw = (path / "manifest.json").read_bytes()
    manifest = json.loads(raw)
    said: dict[str, Any] = {name: manifest[name] for name in SAID}
    said |= {"digest": hashlib.sha256(raw).hexdigest(), "removed_at": instant_text(clock)}
    write_file(lake.root / "published" / "removed" / f"{path.name}.json", canonical_json(said))
    shelf_of(lake).remove(path)


def _remove_unnamed(lake: Lake, keep: timedelta) -> None:
    """Files among the segments that no kept manifest names and that are older than that: of publishers that were cut off."""
    published = lake.root / "published"
    named = {
        published / segment[name]
        for path in shelf_of(lake).numbered()
        for segment in json.loads((path / "manifest.json").read_bytes())["segments"]
        for name in ("path", "lines")
        if name in segment
    }
    for path in (p for p in (published / "segments").rglob("*") if p.is_file()):
        if path not in named and _is_older(path, keep):
            path.unlink()


def removed(lake: Lake) -> list[dict[str, Any]]:
    """What is kept of the removed publications."""
    return [json.loads(path.read_bytes()) for path in sorted((lake.root / "published" / "removed").glob("*.json"))]
