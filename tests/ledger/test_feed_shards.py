"""The feed is split by user into shards: gapless, chained by digest, the same rows in Parquet and in JSON lines."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from chargeledger.chain import verify_chains
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger.book import Book, Row, charge

CONTRACTS, SHARDS = Path(__file__).resolve().parents[2] / "data_contracts", 4


def shard_of(user_id: str, shards: int = SHARDS) -> int:
    """By the standard library: the first 32 bits of the SHA-256 of the pseudonym's letters."""
    return int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:4], "big") % shards


def owed(book: Book, shards: int = SHARDS) -> list[Row]:
    """Every entry of the ledger table, with its shard and its place there, counted by hand."""
    places: Counter[int] = Counter()
    rows = []
    for entry in book.entries():
        shard = shard_of(entry["user_id"], shards)
        places[shard] += 1
        rows.append(entry | {"shard": shard, "shard_seq": places[shard]})
    return rows


def parts(book: Book) -> list[Row]:
    return [part for part in book.manifest()["segments"] if part["relation"] == "ledger_entry"]


def test_every_entry_is_in_the_shard_of_its_user_at_its_place(whole_story: Book) -> None:
    published = whole_story.root / "published"
    held = {part["path"]: pq.read_table(published / part["path"]).to_pylist() for part in parts(whole_story)}
    assert sorted((row for rows in held.values() for row in rows), key=lambda row: row["seq"]) == owed(whole_story)
    for part in parts(whole_story):
        rows = held[part["path"]]
        assert {row["shard"] for row in rows} == {part["shard"]}
        told = (part["first_shard_seq"], part["last_shard_seq"])
        assert [row["shard_seq"] for row in rows] == list(range(told[0], told[1] + 1))
    assert len({part["shard"] for part in parts(whole_story)}) > 1
    assert max(Counter(part["shard"] for part in parts(whole_story)).values()) > 1  # a shard goes on in a later commit


def test_the_json_lines_hold_the_same_rows(whole_story: Book) -> None:
    """Decimals are strings of digits, days ISO, all other values what they are."""
    lines = []
    for part in parts(whole_story):
        raw = (whole_story.root / "published" / part["lines"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == part["lines_sha256"]
        assert raw.endswith(b"\n")
        rows = [json.loads(line) for line in raw.decode("utf-8").splitlines()]
        assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
        lines += rows
    as_text = [
        {
            name: str(value) if name.endswith("_ng") else value.isoformat() if name == "vintage" else value
            for name, value in row.items()
        }
        for row in owed(whole_story)
    ]
    assert sorted(lines, key=lambda row: row["seq"]) == as_text
    assert [list(row) for row in lines] == [list(as_text[0])] * len(lines)  # keys in one order


def test_the_chain_of_each_shard_can_be_computed_from_the_files_alone(whole_story: Book) -> None:
    published, ends = whole_story.root / "published", [None] * SHARDS
    sums: Counter[int] = Counter()
    for part in parts(whole_story):
        digests = [hashlib.sha256((published / part[name]).read_bytes()).hexdigest() for name in ("path", "lines")]
        before = ends[part["shard"]]
        assert part["previous_digest"] == before
        ends[part["shard"]] = hashlib.sha256("".join([before or "", *digests]).encode()).hexdigest()
        assert part["digest"] == ends[part["shard"]]
        sums[part["shard"]] += part["points"]
    places: dict[int, Row] = {row["shard"]: row for row in owed(whole_story)}
    for shard, told in enumerate(whole_story.manifest()["shards"]):
        last = places.get(shard, {"shard_seq": 0, "seq": 0})
        assert told == {
            "shard": shard,
            "last_shard_seq": last["shard_seq"],
            "last_seq": last["seq"],
            "points": sums[shard],
            "digest": ends[shard],
        }


Change = Callable[[list[Row], Row], Any]
BROKEN: dict[str, Change] = {
    "another digest before": lambda parts, _: parts[-1].update(previous_digest="0" * 64),
    "another file": lambda parts, _: parts[0].update(sha256="0" * 64),
    "other lines": lambda parts, _: parts[0].update(lines_sha256="0" * 64),
    "a place left out": lambda parts, _: parts[-1].update(first_shard_seq=parts[-1]["first_shard_seq"] + 1),
    "a row too many": lambda parts, _: parts[0].update(rows=parts[0]["rows"] + 1),
    "seq goes back": lambda parts, _: parts[-1].update(first_seq=1),
    "points that no segment has": lambda parts, _: parts[0].update(points=parts[0]["points"] + 1),
    "a segment left out": lambda parts, manifest: manifest["segments"].remove(parts[0]),
    "the last segment left out": lambda parts, manifest: manifest["segments"].remove(parts[-1]),
    "two exchanged": lambda parts, manifest: manifest["segments"].reverse(),
    "another end": lambda _, manifest: manifest["shards"][1].update(last_shard_seq=99),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_chain_is_refused(whole_story: Book, what: str) -> None:
    manifest = copy.deepcopy(whole_story.manifest())
    verify_chains(manifest)
    BROKEN[what]([part for part in manifest["segments"] if part["relation"] == "ledger_entry"], manifest)
    with pytest.raises(Refused, match="shard"):
        verify_chains(manifest)


def test_verify_holds_the_chains_of_the_current_manifest(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    manifest = book.manifest()
    manifest["shards"][1]["digest"] = "0" * 64
    (book.publication() / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="the chain of shard 1 does not end where the manifest says"):
        list(verify(Lake(book.lake)))


def test_the_number_of_shards_is_fixed_with_the_first_publication(china: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("0", "1025", "-1", "four", "1.5"):
        monkeypatch.setenv("CHARGELEDGER_FEED_SHARDS", wrong)
        with pytest.raises(UsageError, match=f"from 1 to 1024; it is '{wrong}'"):
            china.publish()
    monkeypatch.setenv("CHARGELEDGER_FEED_SHARDS", "1")
    china.publish()
    china.sessions(charge("2", "12", "bob"))
    china.account()
    monkeypatch.setenv("CHARGELEDGER_FEED_SHARDS", "4")
    with pytest.raises(Refused, match="has 1 shards, and CHARGELEDGER_FEED_SHARDS asks for 4"):
        china.publish()
    assert china.publication().name == "1"
    monkeypatch.delenv("CHARGELEDGER_FEED_SHARDS")
    china.publish()
    rows = [row for p in parts(china) for row in pq.read_table(china.root / "published" / p["path"]).to_pylist()]
    assert rows == owed(china, 1)
    assert [(row["seq"], row["shard"], row["shard_seq"]) for row in rows] == [(1, 0, 1), (2, 0, 2)]


@pytest.mark.parametrize(
    "wrong", [lambda raw: raw.replace(b'"points":', b'"points":1'), lambda raw: raw * 2, lambda raw: b""]
)
def test_json_lines_that_lie_there_and_are_not_the_rows_are_refused(
    china: Book, wrong: Callable[[bytes], bytes]
) -> None:
    """A file that is there already is taken, but only if it says what its Parquet file says."""
    china.publish()
    published = china.root / "published"
    (lines,) = (published / part["lines"] for part in parts(china))
    again = china.copy(china.folder.parent / "again")
    for name in ("CURRENT", "1/manifest.json"):
        (again.root / "published" / name).unlink()
    stale = again.root / "published" / lines.relative_to(published)
    stale.write_bytes(wrong(lines.read_bytes()))
    with pytest.raises(Refused, match="does not hold the rows of segments/ledger_entry"):
        again.publish()
    stale.unlink()
    again.publish()
    assert stale.read_bytes() == lines.read_bytes()


def test_the_feed_has_the_columns_of_the_ledger_and_two_more() -> None:
    feed, ledger = (
        yaml.safe_load((CONTRACTS / f"{name}.yaml").read_text(encoding="utf-8"))["schema"][0]["properties"]
        for name in ("feed_entry", "ledger_entry")
    )
    assert feed[: len(ledger)] == ledger
    assert [column["name"] for column in feed[len(ledger) :]] == ["shard", "shard_seq"]
