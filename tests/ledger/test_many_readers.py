"""Processes that read the database and the feed while one publication follows another: 0 wrong, 0 errors, never backwards.

CHARGELEDGER_PUBLICATIONS and CHARGELEDGER_READS say how many; `make readers` asks for 500 and 100,000 and prints what it saw. Old
publications are aged and so removed meanwhile, as retention does it after days.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chargeledger import feed
from tests.ledger.book import KEY, Book, charge

PUBLICATIONS = int(os.environ.get("CHARGELEDGER_PUBLICATIONS", "9"))
READS = int(os.environ.get("CHARGELEDGER_READS", "200"))
FIRST, TOGETHER, KEPT_DAYS = date(2026, 1, 1), 20, 7
LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}
KWH = [n % 50 + 1 for n in range(PUBLICATIONS)]
POINTS = [kwh * 3_820_312 // 10_000 for kwh in KWH]  # floor(kWh x 382.0312 g), one session a day, of one of seven users
DUE = [0, *accumulate(POINTS)]
ACCOUNTS = [f"user {n % 7}" for n in range(PUBLICATIONS)]


def read_database(lake: Path) -> int:
    """The number of the publication that the pointer names; AssertionError where it does not hold what it owes."""
    folder = lake / "published" / (lake / "published" / "CURRENT").read_text()
    with duckdb.connect(str(folder / "chargeledger.duckdb"), read_only=True, config=LOCKED | {"threads": "1"}) as con:
        told = con.execute(
            """SELECT (SELECT number FROM publication), (SELECT last_seq FROM publication), (SELECT points FROM publication),
            (SELECT sum(points) FROM user_points), (SELECT sum(points) FROM ledger_entry), (SELECT max(seq) FROM ledger_entry),
            (SELECT sum(points) FROM session_assessment)"""
        ).fetchall()
    number = int(folder.name)
    assert told == [(number, number, DUE[number], DUE[number], DUE[number], number, DUE[number])], told
    return number


def read_feed(lake: Path) -> int:
    """The same for the feed: its last entries, of all shards and of one, and where each shard ends."""
    opened = feed.open_feed(lake)
    number = opened.manifest["number"]
    assert opened.last == number and sum(shard["points"] for shard in opened.manifest["shards"]) == DUE[number]
    after = max(0, number - 9)
    rows = [row for table in opened.batches(after, None) for row in table.to_pylist()]
    assert [(row["seq"], row["points"]) for row in rows] == list(enumerate(POINTS, 1))[after:number], rows
    for shard, head in enumerate(opened.manifest["shards"]):
        last = [row for row in rows if row["shard"] == shard][-1:]
        assert [(row["shard_seq"], row["seq"]) for row in last] in ([], [(head["last_shard_seq"], head["last_seq"])])
    return int(number)


READERS: dict[str, Callable[[Path], int]] = {"database": read_database, "feed": read_feed}


def poll(name: str, lake: str, share: int, published: Synchronized[int], told: Any) -> None:
    """Read evenly while publications follow one another, a quarter more than the share; then once more; tell what was seen."""
    seen: dict[int, int] = {}
    errors, backwards, last, reads, during, began, is_last = [], 0, 0, 0, 0, time.monotonic(), False
    parent = multiprocessing.parent_process()
    while not is_last and parent and parent.is_alive():  # whoever publishes may be killed: nobody reads on alone
        done = published.value
        is_last = done == PUBLICATIONS and reads >= share
        if done < PUBLICATIONS and reads > 1.25 * share * (done + 1) / PUBLICATIONS:
            time.sleep((time.monotonic() - began) / (1.25 * share * done / PUBLICATIONS))
        reads, during = reads + 1, during + (done < PUBLICATIONS)
        try:
            number = READERS[name](Path(lake))
        except BaseException as error:
            errors.append(repr(error))
            continue
        backwards += number < last
        last = number
        seen[number] = seen.get(number, 0) + 1
    told.put((seen, errors, backwards, during))


@dataclass
class Seen:
    """What the readers told."""

    reads: dict[int, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    backwards: int = 0
    during: int = 0
    removed: int = 0

    def add(self, seen: dict[int, int], errors: list[str], backwards: int, during: int) -> None:
        self.reads = {number: self.reads.get(number, 0) + seen.get(number, 0) for number in {*self.reads, *seen}}
        self.errors += errors
        self.backwards += backwards
        self.during += during


def day(place: int) -> str:
    return (FIRST + timedelta(days=place)).isoformat()


def publish(book: Book, number: int) -> None:
    """Account and publish one more day, a day later. Sessions arrive 20 days together; manifests grow old at once."""
    at = f"{day(number + TOGETHER)}T00:00:00Z"
    if number % TOGETHER == 1:
        days = range(number - 1, min(number - 1 + TOGETHER, PUBLICATIONS))
        told = [charge(str(n), str(KWH[n]), ACCOUNTS[n], f"{day(n)}T12:00:00+08:00") for n in days]
        book.sessions(*told, at=at)
    book.account(day(number - 1), at=at)
    assert book.publish(at=at)["number"] == number
    os.utime(book.publication() / "manifest.json", (0, 0))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    book, found = Book(tmp_path_factory.mktemp("many")), Seen()
    publish(book, 1)
    spawn = multiprocessing.get_context("spawn")
    published, queue = spawn.Value("q", 1), spawn.Queue()
    share = -(-READS // len(READERS))
    readers = [spawn.Process(target=poll, args=(name, book.lake, share, published, queue)) for name in READERS]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, PUBLICATIONS + 1):
            publish(book, number)
            published.value = number
        for _ in readers:
            found.add(*queue.get())
    finally:
        for reader in readers:
            reader.join(60)
            reader.kill()
    found.removed = len(list((book.root / "published" / "removed").glob("*.json")))
    print(
        json.dumps({"publications": PUBLICATIONS, "reads": sum(found.reads.values()), "before the last": found.during})
    )
    print(json.dumps({"wrong or failed": len(found.errors), "backwards": found.backwards, "removed": found.removed}))
    yield found


def test_no_reading_fails_or_holds_anything_but_one_whole_publication(seen: Seen) -> None:
    assert seen.errors == []
    assert sum(seen.reads.values()) >= READS


def test_no_reader_goes_backwards_and_they_were_there_while_it_happened(seen: Seen) -> None:
    assert seen.backwards == 0
    assert max(seen.reads) == PUBLICATIONS
    assert len(seen.reads) > PUBLICATIONS // 2 and seen.during > READS // 2


def test_publications_were_removed_meanwhile(seen: Seen) -> None:
    """Number p is superseded a day after it was published, and goes 7 days later."""
    assert seen.removed == PUBLICATIONS - KEPT_DAYS - 1 > 0


def test_the_readers_notice_a_database_of_another_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGELEDGER_PSEUDONYM_KEY", KEY)
    book = Book(tmp_path)
    for number in (1, 2):
        publish(book, number)
    assert (read_database(book.root), read_feed(book.root)) == (2, 2)
    for name in ("chargeledger.duckdb", "manifest.json"):
        (book.publication() / name).write_bytes((book.root / "published" / "1" / name).read_bytes())
    with pytest.raises(AssertionError):
        read_database(book.root)
