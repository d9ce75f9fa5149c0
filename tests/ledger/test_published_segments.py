"""A publication names what it is made of, follows the one before it, and is never written again."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger.book import Book, charge


def test_the_manifest_names_every_segment_with_digest_rows_and_points(whole_story: Book) -> None:
    manifest, published = whole_story.manifest(), whole_story.root / "published"
    entries = whole_story.entries()
    held: dict[int, list[int]] = {}
    for part in manifest["segments"]:
        raw = (published / part["path"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == part["sha256"]
        rows = pq.read_table(published / part["path"]).to_pylist()
        assert len(rows) == part["rows"] > 0
        if part["relation"] == "ledger_entry":
            seqs = [row["seq"] for row in rows]
            assert (seqs[0], seqs[-1]) == (part["first_seq"], part["last_seq"])
            assert all(row.items() >= entries[row["seq"] - 1].items() for row in rows)
            assert part["points"] == sum(row["points"] for row in rows)
            assert {row["receipt_digest"] for row in rows} == {part["receipt"]}
            held.setdefault(part["ledger_version"], []).extend(seqs)
    commits = [range(1, 9), range(9, 20), range(20, 21), range(21, 23)]  # 8, 11, 1 and 2 entries
    assert [sorted(seqs) for seqs in held.values()] == [list(seqs) for seqs in commits]
    assert manifest["points"] == sum(entry["points"] for entry in entries)
    assert (manifest["number"], manifest["last_seq"], manifest["ledger_version"]) == (4, 22, 4)
    named = {part[name] for part in manifest["segments"] for name in ("path", "lines") if name in part}
    assert {p.relative_to(published).as_posix() for p in (published / "segments").rglob("*.*")} == named


def test_each_manifest_holds_the_digest_of_the_one_before(whole_story: Book) -> None:
    published, digest = whole_story.root / "published", None
    for number in range(1, 5):
        raw = (published / str(number) / "manifest.json").read_bytes()
        manifest = json.loads(raw)
        assert (manifest["number"], manifest["previous_digest"]) == (number, digest)
        digest = hashlib.sha256(raw).hexdigest()
    (row,) = whole_story.published("publication")
    assert row["previous_digest"] == json.loads(raw)["previous_digest"]
    assert (row["number"], row["last_seq"], row["users"], row["sessions"]) == (4, 22, 4, 16)


def test_later_manifests_begin_with_the_segments_of_earlier_ones(whole_story: Book) -> None:
    """What a publication writes depends on what changed: the segments of all earlier commits are named, not made again."""
    parts = [
        json.loads((whole_story.root / "published" / str(n) / "manifest.json").read_bytes())["segments"]
        for n in range(1, 5)
    ]
    for earlier, later in pairwise(parts):
        assert later[: len(earlier)] == earlier
        assert len({part["receipt"] for part in later[len(earlier) :]}) == 1


def test_an_unchanged_ledger_makes_no_new_publication(china: Book) -> None:
    first = china.publish()
    assert (first["number"], first["is_new"]) == (1, True)
    pointer = china.root / "published" / "CURRENT"
    before = pointer.stat().st_mtime_ns
    assert china.publish(at="2027-01-01T00:00:00Z") == first | {"is_new": False}
    assert pointer.stat().st_mtime_ns == before
    assert [path.name for path in pointer.parent.iterdir() if path.name.isdigit()] == ["1"]


def test_a_commit_without_entries_is_published_too(china: Book) -> None:
    china.publish()
    china.account(at="2026-04-08T16:00:00Z")  # the vintage becomes final
    done = china.publish()
    assert (done["number"], done["last_seq"]) == (2, 1)
    assert [part["relation"] for part in china.manifest()["segments"]].count("ledger_entry") == 1
    assert sum(shard["last_shard_seq"] for shard in china.manifest()["shards"]) == 1
    assert china.published("vintage")[0]["state"] == "final"


def test_a_lake_without_entries_is_published_empty(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.sessions(charge("1", "10", region="NO"))
    book.account()
    done = book.publish()
    assert (done["last_seq"], done["points"], book.published("user_points")) == (0, 0, [])
    assert [row["state"] for row in book.published("session_status")] == ["outside"]


def test_a_sound_lake_verifies(whole_story: Book) -> None:
    said = list(verify(Lake(whole_story.lake)))
    assert len(said) == 5
    chains = "is the fold of its segments in 4 unbroken chains, and 3 before it form an unbroken chain"
    assert said[-1] == f"ok  publication 4 {chains}"


def _flip(path: Path) -> None:
    """One bit in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(raw))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (
            "published/segments/ledger_entry/*/000000000009-*.parquet",
            "ledger_entry/1-of-4/000000000009-000000000016.parquet is missing or changed",
        ),
        (
            "published/segments/ledger_entry/*/000000000009-*.jsonl",
            "ledger_entry/1-of-4/000000000009-000000000016.jsonl is missing or changed",
        ),
        (
            "published/segments/session_state/000000000001-*.parquet",
            "session_state/000000000001-.* is missing or changed",
        ),
        ("published/2/manifest.json", "the chain of publications is broken"),
        ("receipts/*.json", "receipt .* was changed"),
    ],
)
def test_verify_notices_one_changed_bit(whole_story: Book, tmp_path: Path, pattern: str, said: str) -> None:
    book = whole_story.copy(tmp_path / "book")
    _flip(sorted(book.root.glob(pattern))[0])
    with pytest.raises(Refused, match=said):
        list(verify(Lake(book.lake)))


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_verify_notices_a_segment_that_is_gone(whole_story: Book, tmp_path: Path, kind: str) -> None:
    book = whole_story.copy(tmp_path / "book")
    next((book.root / "published" / "segments" / "ledger_entry").glob(f"*/*.{kind}")).unlink()
    with pytest.raises(Refused, match="is missing or changed"):
        list(verify(Lake(book.lake)))


def test_verify_notices_a_landed_file_that_was_cut_off(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    path = next((book.root / "landing").glob("*/*.zst"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Refused, match="landed file"):
        list(verify(Lake(book.lake)))


def test_verify_notices_a_database_that_is_not_the_fold(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    with duckdb.connect(str(book.publication() / "chargeledger.duckdb")) as con:
        con.execute("UPDATE user_points SET points = points + 1")
    with pytest.raises(Refused, match="user_points"):
        list(verify(Lake(book.lake)))


def test_verify_notices_a_state_that_no_run_gave(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    path = book.root / "ledger" / "state" / "session_state" / f"{book.commits()[1]['receipt']}.parquet"
    rows = pq.read_table(path)
    points = [value and value + 1 for value in rows.column("points").to_pylist()]
    changed = rows.set_column(rows.column_names.index("points"), "points", pa.array(points, pa.int64()))
    pq.write_table(changed, path, store_schema=False)
    with pytest.raises(Refused, match="session_state of receipt"):
        list(verify(Lake(book.lake)))


def test_accounting_refuses_a_lake_whose_states_are_missing(china: Book) -> None:
    next((china.root / "ledger" / "state" / "session_state").glob("*.parquet")).unlink()
    china.sessions(charge("1", "12"))
    with pytest.raises(Refused, match="has lost 1 files of session_state"):
        china.account()
