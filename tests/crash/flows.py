"""The flows that are disturbed: each is one command, on a lake of a few rows that gives it something to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copytree

from chargeledger import flow
from tests.crash.child import command
from tests.crash.small_flow import FIRST, SECOND, run_words, write_files
from tests.ledger import decided
from tests.ledger.book import AT, CN, HOUR, Book, charge, charge_us, mix

IN_APRIL = "2026-04-02T00:00:00Z"
MARCH = "2026-03"


@dataclass(frozen=True)
class Flow:
    """What makes the lake of a folder, the words of the command for a lake, and what it says where all was done before.

    `clears` where nothing may lie beside the current publication after it.
    """

    name: str
    prepare: Callable[[Path], None]
    words: Callable[[Path, Path], list[str]]
    again: str = ""
    clears: bool = False


def _published(folder: Path) -> None:
    command(run_words(folder / "lake", write_files(folder / "first", FIRST)))


def _run(folder: Path, lake: Path) -> list[str]:
    return run_words(lake, write_files(folder / "second", SECOND))


def _copied(make: Callable[[Path], None], folder: Path) -> None:
    """A book in a folder; several flows begin from the same, which is made once beside their folders."""
    made = folder.parent / make.__name__
    if not made.exists():
        make(made)
    copytree(made, folder, dirs_exist_ok=True)


def proposed(folder: Path) -> None:
    """Awards that are final and published. A correction and a change of owner wait in the proposal that is decided on.

    Another correction waits in another, and one more charge has arrived.
    """
    book = Book(folder)
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10"), charge_us("2", "10", "bob"), charge_us("3", "10"), charge("4", "10", "carol"))
    book.account()
    book.publish()
    book.sessions(charge_us("1", "12"), charge_us("2", "10", "dave"))
    (folder / "receipt.txt").write_text(book.account()["receipt"], encoding="ascii")
    book.sessions(charge_us("3", "14"))
    book.account()
    book.sessions(charge("5", "9", "erin"))


def _receipt(folder: Path) -> str:
    return (folder / "receipt.txt").read_text(encoding="ascii")


def _decide(kind: str, folder: Path, lake: Path) -> list[str]:
    who_and_why = ["--by", "Kim", "--because", "read again"]
    return [kind, _receipt(folder), *who_and_why, "--lake", str(lake), "--at", AT]


def month_over(folder: Path) -> None:
    """March is over, with awards, a correction and a charge without owner; what arrived in April is not accounted."""
    _copied(proposed, folder)
    book = Book(folder)
    decided.decide(book, "approve", _receipt(folder))
    book.sessions(charge("4", "12", "carol", revised=AT), charge("6", "10", ""))
    book.account()
    book.publish()
    book.sessions(charge("7", "10", "carol"), at=IN_APRIL)


def _close(folder: Path, lake: Path) -> list[str]:
    return ["period", "close", MARCH, "--programme", CN, "--by", "Kim", "--lake", str(lake), "--at", IN_APRIL]


def superseded(folder: Path) -> None:
    """Two publications, and a closed month and entries that neither has; a publisher was cut off and left a segment."""
    _copied(month_over, folder)
    book = Book(folder)
    flow.period_close(MARCH, "Kim", CN, book.lake, IN_APRIL)
    book.account(at=IN_APRIL)
    for left in ("000000000099-000000000099.parquet", "000000000099-000000000099.jsonl"):
        (book.root / "published" / "segments" / "ledger_entry" / "0-of-4" / left).write_bytes(b"left")


def _publish(folder: Path, lake: Path) -> list[str]:
    return ["publish", "--keep-days", "0", "--lake", str(lake), "--at", IN_APRIL]


RUN = Flow("run", _published, _run)
FLOWS = {
    each.name: each
    for each in (
        RUN,
        Flow("approve", partial(_copied, proposed), partial(_decide, "approve"), "Nothing was posted now"),
        Flow("reject", partial(_copied, proposed), partial(_decide, "reject"), "Nothing was posted now"),
        Flow("close", partial(_copied, month_over), _close, "nothing was closed now"),
        Flow("publish", partial(_copied, superseded), _publish, "(nothing new)", clears=True),
    )
}
