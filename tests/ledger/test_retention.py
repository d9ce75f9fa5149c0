"""Superseded publications go after their time and not before; what is current, named or open stays, and so does the chain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chargeledger import feed, publication, retention
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.flow.lake_bytes import tree
from tests.ledger.book import Book, charge

LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}
# Publications 1 to 4, published on these days of March 2026, and a session each.
DAYS = (10, 12, 14, 20)


def at(day: int) -> str:
    return f"2026-03-{day:02d}T00:00:00Z"


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("four") / "book")
    for number, day in enumerate(DAYS, start=1):
        book.sessions(charge(str(number), "10"), at=at(day))
        book.account(at=at(day))
        assert book.publish(at=at(day))["number"] == number
    return book


@pytest.fixture
def book(four: Book, tmp_path: Path) -> Book:
    """Four publications; their files are as old as can be."""
    copy = four.copy(tmp_path / "book")
    age(copy)
    return copy


def age(book: Book) -> None:
    for path in (book.root / "published").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def there(book: Book) -> list[str]:
    return sorted(path.name for path in (book.root / "published").iterdir() if path.name.isdigit())


def keep(book: Book, day: int, days: int | None) -> list[str]:
    publication.publish(Lake(book.lake), at(day), lambda _: None, days)
    return there(book)


@pytest.mark.parametrize(
    ("day", "days", "left"),
    [
        (20, 9, "1234"),
        (21, 9, "234"),  # 1 was superseded on the 12th: nine days ago
        (20, 8, "234"),
        (22, 9, "234"),
        (23, 9, "34"),  # 2 was superseded on the 14th
        (28, 9, "34"),  # 3 on the 20th
        (29, 9, "4"),
        (20, 0, "4"),
        (31, 0, "4"),  # what is current stays, however old
        (19, 0, "4"),  # the clock never goes back: it is the 20th
    ],
)
def test_a_publication_goes_when_it_is_superseded_for_so_many_days(book: Book, day: int, days: int, left: str) -> None:
    segments = tree(book.root / "published" / "segments")
    assert keep(book, day, days) == list(left)
    assert book.publication().name == "4"
    assert tree(book.root / "published" / "segments") == segments
    assert feed.read(lake=book.lake).num_rows == 4
    said = list(verify(Lake(book.lake)))
    gone = 4 - len(left)
    assert said[-1].endswith(f"3 before it form an unbroken chain{f', {gone} of them removed' if gone else ''}")


@pytest.mark.parametrize("number", "234")
def test_a_publication_whose_successor_is_young_on_the_disk_stays_whatever_the_clock_says(
    book: Book, number: str
) -> None:
    """Readers live in the time of the machine, also where --at runs ahead."""
    os.utime(book.root / "published" / number / "manifest.json")
    assert keep(book, 31, 1) == [name for name in "1234" if int(name) >= int(number) - 1]
    assert keep(book, 31, 0) == ["4"]


def test_how_long_is_a_setting_and_an_option(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep(book, 19, None) == list("234")  # 7 days: only the 12th is so long before the 20th
    monkeypatch.setenv("CHARGELEDGER_KEEP_PUBLICATIONS_DAYS", "6")
    assert keep(book, 19, 30) == list("234")
    assert keep(book, 19, None) == list("34")
    for wrong in ("-1", "a week", "1.5", "36501"):
        monkeypatch.setenv("CHARGELEDGER_KEEP_PUBLICATIONS_DAYS", wrong)
        with pytest.raises(UsageError, match="whole number of days from 0 to 36500"):
            book.publish()


def test_the_command_takes_the_option_and_says_what_it_removed(book: Book) -> None:
    command = [
        sys.executable,
        "-m",
        "chargeledger.cli",
        "publish",
        "--keep-days",
        "6",
        "--lake",
        book.lake,
        "--at",
        at(20),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, there(book)) == (0, ["3", "4"])
    assert done.stderr.splitlines() == [f"publication {n} removed: superseded for more than 6 days" for n in (1, 2)]


def test_a_reader_that_has_a_removed_one_open_reads_on(book: Book) -> None:
    path = book.root / "published" / "1" / "chargeledger.duckdb"
    opened = feed.open_feed(book.lake)
    older = feed.Feed(opened.published, json.loads((path.parent / "manifest.json").read_bytes()), None)
    with duckdb.connect(str(path), read_only=True, config=LOCKED) as con:
        assert keep(book, 20, 0) == ["4"]
        assert not path.exists()
        assert con.execute("SELECT number, points FROM publication").fetchall() == [(1, 3820)]
        assert con.execute("SELECT sum(points) FROM user_points").fetchall() == [(3820,)]
    (rows,) = older.batches(0, None)
    assert rows.column("seq").to_pylist() == [1]


def test_segments_that_nobody_names_go_when_they_are_old(book: Book) -> None:
    """Left by a publisher that was cut off; young ones may be of a publication that is retried."""
    folder = book.root / "published" / "segments" / "ledger_entry" / "0-of-4"
    folder.mkdir(exist_ok=True)
    old, young = folder / "000000000099-000000000099.parquet", folder / "000000000099-000000000099.jsonl"
    for path in (old, young):
        path.write_bytes(b"left")
    os.utime(old, (0, 0))
    before = tree(book.root / "published" / "segments")
    keep(book, 20, 8)
    after = tree(book.root / "published" / "segments")
    assert set(before) - set(after) == {"ledger_entry/0-of-4/000000000099-000000000099.parquet"}
    list(verify(Lake(book.lake)))


@pytest.mark.parametrize("step", ["write_file", "rename", "rmtree"])
def test_a_removal_that_is_cut_off_is_finished_by_the_next(
    book: Book, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr({"write_file": retention, "rename": os, "rmtree": shutil}[step], step, die)
        with pytest.raises(KeyboardInterrupt):
            keep(book, 20, 8)
    assert [name for name in there(book) if name != "1"] == list("234")
    list(verify(Lake(book.lake)))
    assert keep(book, 20, 8) == list("234")
    assert [path.name for path in (book.root / "published").glob(".removing-*")] == []
    assert list(verify(Lake(book.lake)))[-1].endswith("3 before it form an unbroken chain, 1 of them removed")


def test_one_that_never_became_current_goes_like_the_others(book: Book) -> None:
    """Its number is in no chain, and nothing misses it."""
    shutil.move(book.root / "published" / "4", book.root / "published" / "6")
    shutil.copytree(book.root / "published" / "3", book.root / "published" / "4")
    manifest = book.root / "published" / "6" / "manifest.json"
    (book.root / "published" / "CURRENT").write_text("6")
    age(book)
    assert manifest.exists() and keep(book, 20, 0) == ["6"]


def test_the_current_one_stays_where_a_publisher_died_before_it_moved_the_pointer(book: Book) -> None:
    shutil.copytree(book.root / "published" / "4", book.root / "published" / "5")
    age(book)
    assert keep(book, 31, 0) == ["4", "5"]
    assert book.publication().name == "4"


def test_verify_notices_a_removed_publication_that_nothing_tells_of(book: Book) -> None:
    keep(book, 20, 8)
    (book.root / "published" / "removed" / "1.json").unlink()
    with pytest.raises(Refused, match="the chain of publications is broken: none has the digest"):
        list(verify(Lake(book.lake)))


def test_verify_notices_a_kept_publication_that_names_other_segments(book: Book) -> None:
    path = book.root / "published" / "4" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["segments"] = [part for part in manifest["segments"] if part["relation"] != "vintage_state"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="publication 3 names other segments than publication 4"):
        list(verify(Lake(book.lake)))
