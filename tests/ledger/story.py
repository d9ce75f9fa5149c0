"""One lake in which everything happens that can happen to a session, in four runs, each published.

Run 1  first postings; one session refused, one outside, one without owner, one too small, one told twice, two without an hour
Run 2  a correction, another owner, another day, another programme, an owner found, a refused revision, a missing hour, a
       restated hour; nothing is final yet
Run 3  two days later: a late session; California becomes final
Run 4  a correction and a restated hour of final awards: held; the rest posts
"""

from __future__ import annotations

from pathlib import Path

from tests.ledger.book import AT, HOUR, NEXT, NOON, Book, charge, charge_us, mix

DC = "DC,dc_output"


def tell(folder: Path) -> Book:
    """The book after the fourth run."""
    book = Book(folder)
    for number, act in enumerate((_first, _moves, _late, _held), start=1):
        at = act(book)
        book.account(at=at)
        assert book.publish(at=at)["number"] == number
    return book


def _first(book: Book) -> str:
    book.grid(mix(HOUR, gas=100), at=NOON)
    book.sessions(
        charge("1", "10"),
        charge("1", "10"),
        charge("2", "12"),
        charge("3", "10", "bob"),
        charge("4", "9", "carol", ended="2026-03-10T23:30:00+08:00"),
        charge("5", "30.5", "carol", meter=DC),
        charge("6", "10", "bob"),
        charge("7", "10", ""),
        charge("8", "10", region="NO"),
        charge("9", "-1"),
        charge("10", "0.4"),
        charge_us("11", "10"),
        charge_us("12", "10", "bob", ended="2026-03-10T19:00:00Z"),
        charge_us("13", "17.777", "bob", ended="2026-03-10T18:40:00Z", started="2026-03-10T17:20:00Z"),
        at=NOON,
    )
    return NOON


def _moves(book: Book) -> str:
    book.grid(mix(HOUR, gas=90, solar=10), mix(NEXT, gas=50, hydro=40, solar="-3", geothermal=10), at=NOON)
    book.sessions(
        charge("1", "12"),
        charge("2", "-12"),
        charge("3", "10", "alice"),
        charge("4", "9", "carol", ended="2026-03-11T00:30:00+08:00"),
        charge_us("6", "10", "bob"),
        charge("7", "10", "bob"),
        *[charge("5", "30.5", "carol", meter=DC)] * 5,
        at=NOON,
    )
    return NOON


def _late(book: Book) -> str:
    book.sessions(charge_us("14", "10", "dora", meter=DC))
    return AT


def _held(book: Book) -> str:
    book.grid(mix(NEXT, coal=100))
    book.sessions(charge_us("11", "12"), charge("15", "20", "dora"), charge_us("16", "10", "dora"))
    return AT
