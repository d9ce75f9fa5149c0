"""Readers see publication n or n + 1, whole; what they have open stays; nothing that was published is written again."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chargeledger import publication
from tests.ledger.book import Book, charge

PUBLICATIONS = 20
THEN = "2026-02-22T00:00:00Z"  # two days after the last of the twenty
LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}


def read(book: Book) -> tuple[int, int]:
    """Number and points of what CURRENT names; raises AssertionError where its parts do not belong together."""
    folder = book.publication()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    with duckdb.connect(str(folder / "chargeledger.duckdb"), read_only=True, config=LOCKED) as con:
        ((number, last_seq, points),) = con.execute("SELECT number, last_seq, points FROM publication").fetchall()
        ((entries, summed),) = con.execute("SELECT max(seq), sum(points) FROM ledger_entry").fetchall()
        ((users,),) = con.execute("SELECT sum(points) FROM user_points").fetchall()
        ((assessed,),) = con.execute("SELECT sum(points) FROM session_assessment").fetchall()
        ((states,),) = con.execute("SELECT count(*) FROM session_status").fetchall()
    assert folder.name == str(number) == str(manifest["number"])
    assert last_seq == entries == manifest["last_seq"] == states
    assert points == summed == users == assessed == manifest["points"]
    return number, int(points)


@dataclass
class Reader:
    """Polls CURRENT until it is told to stop."""

    book: Book
    seen: list[tuple[int, int]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def poll(self) -> None:
        while not self.stop.wait(0.05):
            try:
                self.seen.append(read(self.book))
            except BaseException as error:
                self.errors.append(error)
                return


@dataclass(frozen=True)
class Observed:
    """What twenty publications left behind."""

    seen: list[tuple[int, int]]
    errors: list[BaseException]
    kept_open: tuple[tuple[int, int], tuple[int, int]]
    rewritten: list[str]


def _marks(book: Book) -> dict[str, tuple[str, int, int]]:
    """Digest, inode and time of every file of every publication and segment."""
    published = book.root / "published"
    files = [p for p in published.rglob("*") if p.is_file() and p.name not in ("CURRENT", ".lock")]
    return {
        p.relative_to(published).as_posix(): (
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_ino,
            p.stat().st_mtime_ns,
        )
        for p in files
    }


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """One session on each of twenty days; a day is accounted and published while a reader polls and another stays open."""
    book = Book(tmp_path_factory.mktemp("readers"))
    days = [f"2026-02-{day:02d}" for day in range(1, PUBLICATIONS + 1)]
    book.sessions(*[charge(str(i), f"{i + 1}", ended=f"{day}T12:00:00+08:00") for i, day in enumerate(days)], at=THEN)
    book.account(days[0], at=THEN)
    book.publish(at=THEN)
    reader = Reader(book)
    thread = threading.Thread(target=reader.poll)
    marks, rewritten = _marks(book), []
    with duckdb.connect(str(book.publication() / "chargeledger.duckdb"), read_only=True, config=LOCKED) as kept:
        question = "SELECT number, (SELECT sum(points) FROM user_points) FROM publication"
        before = kept.execute(question).fetchall()[0]
        thread.start()
        try:
            for day in days[1:]:
                book.account(day, at=THEN)
                book.publish(at=THEN)
                now = _marks(book)
                rewritten += [path for path, mark in marks.items() if now.get(path) != mark]
                marks = now
        finally:
            reader.stop.set()
            thread.join()
        after = kept.execute(question).fetchall()[0]
    reader.seen.append(read(book))
    return Observed(reader.seen, reader.errors, (before, after), rewritten)


def test_every_reading_is_one_whole_publication(observed: Observed) -> None:
    assert observed.errors == []
    # n kWh on the n-th day: floor(n x 382.0312) points each, n = 1 to the publication's number
    due = {number: sum(n * 3_820_312 // 10_000 for n in range(1, number + 1)) for number in range(1, PUBLICATIONS + 1)}
    assert set(observed.seen) == {(number, due[number]) for number, _ in observed.seen}
    assert len(observed.seen) >= PUBLICATIONS


def test_readings_never_go_backwards_and_reach_the_last(observed: Observed) -> None:
    numbers = [number for number, _ in observed.seen]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (1, PUBLICATIONS)
    assert len(set(numbers)) > PUBLICATIONS // 2  # the reader was there while it happened


def test_a_reader_that_keeps_the_first_file_open_keeps_its_data(observed: Observed) -> None:
    before, after = observed.kept_open
    assert before == after == (1, 382)


def test_no_publication_and_no_segment_is_ever_written_again(observed: Observed) -> None:
    assert observed.rewritten == []


def _while_building(patch: pytest.MonkeyPatch, watch: Callable[[], None]) -> None:
    """Call `watch` after the database of a publication is written and before the publication is complete."""
    real = publication._write_database

    def write(engine: Any, path: Path) -> None:
        real(engine, path)
        watch()

    patch.setattr(publication, "_write_database", write)


def test_in_the_middle_of_building_readers_see_the_old_one(china: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    china.publish()
    china.sessions(charge("2", "12"))
    china.account()
    seen = []
    _while_building(monkeypatch, lambda: seen.append(read(china)))
    china.publish()
    assert seen == [(1, 3820)]
    assert read(china) == (2, 3820 + 4584)


def test_a_pointer_that_moves_too_early_would_be_noticed(china: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of these tests fails where the pointer is ahead of what it names."""
    china.publish()
    china.sessions(charge("2", "12"))
    china.account()
    pointer = china.root / "published" / "CURRENT"

    def hasty() -> None:
        pointer.write_text("2\n")
        with pytest.raises(FileNotFoundError):
            read(china)

    _while_building(monkeypatch, hasty)
    china.publish()
    assert read(china) == (2, 3820 + 4584)


def test_a_database_of_another_publication_would_be_noticed(china: Book) -> None:
    china.publish()
    china.sessions(charge("2", "12"))
    china.account()
    china.publish()
    old, new = (china.root / "published" / number / "chargeledger.duckdb" for number in "12")
    new.write_bytes(old.read_bytes())
    with pytest.raises(AssertionError):
        read(china)
