"""Reading the feed: after a place, in order, without a gap, the same bytes again; nothing new is nothing, and no error."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import feed
from chargeledger.errors import Refused, UsageError
from tests.flow.lake_bytes import tree
from tests.ledger.book import Book
from tests.ledger.test_feed_shards import owed, parts

LAST = 22


def call(book: Book, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "chargeledger.cli", "feed", *arguments, "--lake", book.lake]
    return subprocess.run(command, capture_output=True, timeout=120, check=False)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BATCH_ENTRIES", 3)


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_every_place_and_limit_gives_exactly_the_entries_asked_for(
    whole_story: Book, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(feed, "BATCH_ENTRIES", batch)
    rows = owed(whole_story)
    for after in (0, 1, 7, 8, 9, 19, 20, 21, LAST, LAST + 1, 10**12):
        for limit in (None, 0, 1, 2, 11, 10**12):
            told = feed.read(after, limit, lake=whole_story.lake)
            assert told.to_pylist() == rows[after:][:limit], (after, limit)
            assert told.schema == feed.schema()


def test_a_shard_is_read_by_its_own_places(whole_story: Book, small_batches: None) -> None:
    rows = owed(whole_story)
    for shard in range(4):
        mine = [row for row in rows if row["shard"] == shard]
        for after in range(len(mine) + 2):
            for limit in (None, 1, 4):
                told = feed.read(after, limit, lake=whole_story.lake, shard=shard).to_pylist()
                assert told == mine[after:][:limit], (shard, after, limit)


def test_only_segments_that_can_hold_something_new_are_opened(
    whole_story: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = pq.read_table

    def read_table(paths: list[str], **options: Any) -> pa.Table:
        opened.extend(paths)
        return real(paths, **options)

    monkeypatch.setattr(feed.pq, "read_table", read_table)
    feed.read(19, lake=whole_story.lake)
    assert [Path(path).stem for path in opened] == ["000000000020-000000000020", "000000000021-000000000022"]
    opened.clear()
    feed.read(0, 3, lake=whole_story.lake)
    assert [Path(path).stem for path in opened] == ["000000000001-000000000008"]
    opened.clear()
    feed.read(LAST, lake=whole_story.lake)
    feed.read(0, 0, lake=whole_story.lake)
    assert opened == []


def test_segments_that_lost_an_entry_hand_out_nothing(whole_story: Book, tmp_path: Path) -> None:
    book = whole_story.copy(tmp_path / "book")
    path = book.root / "published" / parts(book)[-1]["path"]
    rows = pq.read_table(path)
    pq.write_table(rows.slice(1), path)
    with pytest.raises(Refused, match="do not hold every seq from 1 to 22 once"):
        feed.read(lake=book.lake)
    assert feed.read(0, 20, lake=book.lake).num_rows == 20
    pq.write_table(pa.concat_tables([rows, rows]), path)
    with pytest.raises(Refused, match="do not hold every seq"):
        feed.read(20, lake=book.lake)


def test_it_reads_a_copy_of_the_published_folder_and_writes_nothing(whole_story: Book, tmp_path: Path) -> None:
    shutil.copytree(whole_story.root / "published", tmp_path / "away" / "published")
    before = tree(tmp_path / "away")
    assert feed.read(lake=tmp_path / "away").to_pylist() == owed(whole_story)
    assert tree(tmp_path / "away") == before
    assert [path.name for path in (tmp_path / "away").iterdir()] == ["published"]


def test_a_publication_that_goes_between_pointer_and_manifest_is_asked_for_again(
    whole_story: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = whole_story.copy(tmp_path / "book")
    pointer, real = book.root / "published" / "CURRENT", Path.read_text
    stale = ["3", "3"]
    shutil.rmtree(book.root / "published" / "3")

    def read_text(path: Path, **options: Any) -> str:
        return stale.pop() if path == pointer and stale else real(path, **options)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert feed.read(lake=book.lake).num_rows == LAST
    assert stale == []
    pointer.write_text("3")
    with pytest.raises(Refused, match="names publication 3, which is not there"):
        feed.read(lake=book.lake)


def test_what_cannot_be_asked_is_said(whole_story: Book, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has the shards 0 to 3; there is no shard 4"):
        feed.read(lake=whole_story.lake, shard=4)
    for after, limit in ((-1, None), (0, -1)):
        with pytest.raises(UsageError, match="the feed begins after 0"):
            feed.read(after, limit, lake=whole_story.lake)
    with pytest.raises(UsageError, match="there is no publication at"):
        feed.read(lake=tmp_path)


def test_the_reader_needs_neither_scheduler_nor_frames_nor_spark() -> None:
    code = "import chargeledger.feed, sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & {"airflow", "pyspark", "great_expectations", "pandas", "duckdb"} == set()
    assert "pyarrow" in json.loads(done.stdout)


def test_the_command_prints_the_very_lines_of_the_segments(whole_story: Book) -> None:
    lines = [
        line
        for part in parts(whole_story)
        for line in (whole_story.root / "published" / part["lines"]).read_bytes().splitlines(keepends=True)
    ]
    lines.sort(key=lambda line: json.loads(line)["seq"])
    told = call(whole_story, "--after", "2", "--limit", "15")
    assert (told.returncode, told.stderr, told.stdout) == (0, b"", b"".join(lines[2:17]))
    assert call(whole_story, "--after", "2", "--limit", "15").stdout == told.stdout
    mine = [line for line in lines if json.loads(line)["shard"] == 1]
    assert call(whole_story, "--shard", "1", "--after", "4").stdout == b"".join(mine[4:])


def test_the_command_gives_an_arrow_stream(whole_story: Book) -> None:
    told = call(whole_story, "--after", "2", "--format", "arrow")
    assert pa.ipc.open_stream(told.stdout).read_all().to_pylist() == owed(whole_story)[2:]
    empty = pa.ipc.open_stream(call(whole_story, "--after", str(LAST), "--format", "arrow").stdout).read_all()
    assert (empty.num_rows, empty.schema) == (0, feed.schema())


def test_nothing_new_is_nothing(whole_story: Book) -> None:
    told = call(whole_story, "--after", str(LAST))
    assert (told.returncode, told.stdout, told.stderr) == (0, b"", b"")
    ahead = call(whole_story, "--after", "23")
    assert (ahead.returncode, ahead.stdout) == (0, b"")
    assert b"the feed ends at seq 22, before 23" in ahead.stderr


@pytest.mark.parametrize("form", ["jsonl", "arrow"])
def test_a_reader_that_has_enough_is_no_error(whole_story: Book, form: str) -> None:
    command = [sys.executable, "-m", "chargeledger.cli", "feed", "--lake", whole_story.lake, "--format", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=120)) == (b"", 0)


def test_a_wrong_call_exits_2(whole_story: Book, tmp_path: Path) -> None:
    for arguments, said in (
        (["--format", "xml"], b"unknown format 'xml': jsonl, arrow"),
        (["--shard", "4"], b"no shard 4"),
    ):
        told = call(whole_story, *arguments)
        assert (told.returncode, told.stdout) == (2, b"") and said in told.stderr
