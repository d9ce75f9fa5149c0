"""The shards of the feed: how many a lake has, and the chain by digest that the segments of each form."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.whole_file import write_file

Segment = dict[str, Any]
FEED = "ledger_entry"
SHARDS_VARIABLE = "CHARGELEDGER_FEED_SHARDS"
SHARDS, MOST_SHARDS = 4, 1024


def shard_count(lake: Lake) -> int:
    """Number of shards of the lake's feed, fixed by whoever publishes first. Raises Refused where another one is asked for."""
    kept, asked = lake.root / "feed_shards", os.environ.get(SHARDS_VARIABLE) or None
    if asked and not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= MOST_SHARDS):
        raise UsageError(f"{SHARDS_VARIABLE} must be a whole number from 1 to {MOST_SHARDS}; it is '{asked}'")
    if not kept.exists():
        write_file(kept, f"{int(asked or SHARDS)}\n".encode())
    number = int(kept.read_text(encoding="ascii"))
    if asked and int(asked) != number:
        raise Refused(
            f"the feed of this lake has {number} shards, and {SHARDS_VARIABLE} asks for {int(asked)}. The number is fixed with "
            "the first publication, because consumers keep their place in each shard. Nothing was published: unset "
            f"{SHARDS_VARIABLE}, set it to {number}, or use another lake"
        )
    return number


def first_heads(shards: int) -> list[Segment]:
    """Where the chain of each shard ends before anything was posted."""
    return [
        {"shard": shard, "last_shard_seq": 0, "last_seq": 0, "points": 0, "digest": None} for shard in range(shards)
    ]


def link(previous: str | None, sha256: str, lines_sha256: str) -> str:
    """Digest of a segment: SHA-256 over the hexadecimal digests of the one before (or nothing) and of its two files."""
    return hashlib.sha256(f"{previous or ''}{sha256}{lines_sha256}".encode()).hexdigest()


def follow(head: Segment, segment: Segment) -> Segment:
    """The end of a shard's chain after one more segment. Raises Refused where it does not follow."""
    owed = {
        "first_shard_seq": head["last_shard_seq"] + 1,
        "previous_digest": head["digest"],
        "rows": segment["last_shard_seq"] - head["last_shard_seq"],
        "digest": link(head["digest"], segment["sha256"], segment["lines_sha256"]),
    }
    wrong = [name for name, value in owed.items() if segment[name] != value]
    if wrong or segment["first_seq"] <= head["last_seq"]:
        raise Refused(
            f"segment {segment['path']} does not follow the one before it in shard {head['shard']}: "
            f"{', '.join(wrong) or 'first_seq'}. The chain of the shard is broken"
        )
    return {
        "shard": head["shard"],
        "last_shard_seq": segment["last_shard_seq"],
        "last_seq": segment["last_seq"],
        "points": head["points"] + segment["points"],
        "digest": segment["digest"],
    }


def verify_chains(manifest: dict[str, Any]) -> None:
    """Refuse a manifest whose segments do not form one unbroken chain per shard, ending where it says."""
    heads = first_heads(len(manifest["shards"]))
    for segment in manifest["segments"]:
        if segment["relation"] == FEED:
            heads[segment["shard"]] = follow(heads[segment["shard"]], segment)
    for said, found in zip(manifest["shards"], heads, strict=True):
        if said != found:
            raise Refused(
                f"the chain of shard {found['shard']} does not end where the manifest says: {found} is not {said}"
            )
