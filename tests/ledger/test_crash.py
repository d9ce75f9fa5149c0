"""A process that dies at any step leaves the old state whole, and the same command again goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chargeledger import engine, publication, shelf
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger.book import AT, CN, Book, charge

KILLED = """
import os, signal, sys
from chargeledger import accounting, engine, flow, publication
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
module = {"accounting": accounting, "engine": engine, "publication": publication}[sys.argv[2]]
setattr(module, sys.argv[3], die)
(flow.publish if module is publication else flow.account)(sys.argv[1], at=sys.argv[4])
"""


@pytest.fixture
def book(china: Book) -> Book:
    """One publication, and a correction that waits: 12 instead of 10 kWh, 4 584 - 3 820 = 764 points."""
    china.publish()
    china.sessions(charge("1", "12"))
    return china


def killed(book: Book, module: str, function: str) -> None:
    """Run the command in a process that kills itself where it would call the function."""
    call = [sys.executable, "-c", KILLED, book.lake, module, function, AT]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr


def sound(book: Book, points: int) -> bool:
    """The publication holds the points, and the lake verifies."""
    return book.published("publication")[0]["points"] == points and len(list(verify(Lake(book.lake)))) == 5


@pytest.mark.parametrize(
    ("module", "function"),
    [("accounting", "write_receipt"), ("engine", "write_parquet"), ("engine", "append_if_unchanged")],
)
def test_killed_before_the_commit_nothing_is_posted_and_the_next_run_posts_once(
    book: Book, module: str, function: str
) -> None:
    killed(book, module, function)
    assert (len(book.entries()), len(book.commits()), book.publish()["is_new"]) == (1, 1, False)
    assert book.account()["posted_points"] == 764
    assert book.account()["receipt"] is None
    book.publish()
    assert sound(book, 4584)


def test_killed_after_the_commit_everything_is_posted_and_the_next_run_has_nothing_to_do(book: Book) -> None:
    killed(book, "accounting", "_outcome")
    assert [entry["points"] for entry in book.entries()] == [3820, 764]
    assert book.account()["receipt"] is None
    book.publish()
    assert sound(book, 4584)


@pytest.mark.parametrize("function", ["_write_database", "verify_segments", "_verify", "write_file"])
def test_killed_while_publishing_the_old_publication_is_current_and_the_next_one_works(
    book: Book, function: str
) -> None:
    """`write_file` writes the manifest first: the last thing before the directory gets its number."""
    book.account()
    before = {path.name: path.stat().st_mtime_ns for path in (book.root / "published" / "1").iterdir()}
    killed(book, "publication", function)
    assert sound(book, 3820)
    assert not (book.root / "published" / "2").exists()
    assert (book.publish()["number"], book.publish()["is_new"]) == (2, False)
    assert sound(book, 4584)
    assert before == {path.name: path.stat().st_mtime_ns for path in (book.root / "published" / "1").iterdir()}


def test_stopped_between_the_directory_and_the_pointer_the_number_is_not_used_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have opened it: the next publication takes another number and follows the last current one."""
    book.account()
    real = shelf.write_file

    def write(path: Path, content: bytes) -> None:
        if path.name == "CURRENT":
            raise OSError("the machine stops here")
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "write_file", write)
        with pytest.raises(OSError, match="stops here"):
            book.publish()
    assert sound(book, 3820)
    orphan = book.root / "published" / "2"
    before = {path.name: path.read_bytes() for path in orphan.iterdir()}
    assert book.publish()["number"] == 3
    assert sound(book, 4584)
    assert before == {path.name: path.read_bytes() for path in orphan.iterdir()}


def test_an_error_while_building_leaves_no_litter(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.account()
    published = book.root / "published"
    before = {path.name for path in published.iterdir()}

    def fail(*_: Any) -> None:
        raise OSError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(publication, "_write_database", fail)
        with pytest.raises(OSError, match="no such luck"):
            book.publish()
    assert {path.name for path in published.iterdir()} == before


def test_what_a_killed_publisher_was_building_is_cleared_away_by_the_next(book: Book) -> None:
    book.account()
    killed(book, "publication", "_write_database")
    book.publish()
    assert [path.name for path in (book.root / "published").iterdir() if path.name.startswith(".building")] == []


@pytest.mark.parametrize("programme", [None, CN], ids=["the very same run", "a run of another scope"])
def test_who_loses_a_race_finds_nothing_to_do_and_leaves_nothing_behind(
    book: Book, monkeypatch: pytest.MonkeyPatch, programme: str | None
) -> None:
    """Another writer commits just before: its receipt and states stay, also where the loser had computed the very same."""
    real, winners = engine.append_if_unchanged, [programme]

    def race(*arguments: Any) -> int:
        while winners:
            book.account(programme=winners.pop())
        return real(*arguments)

    monkeypatch.setattr(engine, "append_if_unchanged", race)
    book.sessions(charge("2", "10"))
    assert book.account()["posted_entries"] == 0
    assert [entry["points"] for entry in book.entries()] == [3820, 764, 3820]
    receipts = {commit["receipt"] for commit in book.commits()}
    assert len(receipts) == 2
    assert {path.stem for path in (book.root / "ledger" / "state" / "session_state").iterdir()} == receipts
    assert {path.stem for path in (book.root / "receipts").glob("*.json")} == receipts
