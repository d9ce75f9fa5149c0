"""The same inputs, clock and methodology give the same digests: whatever the order of rows, the files and the threads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import altered
from tests.ledger.book import HOUR, NEXT, Book, charge, charge_us, mix

OUTPUTS = ("session_hour", "session_assessment", "session_award", "grid_intensity_hour", "ledger_entry")
GRID = [mix(HOUR, gas=70, solar=30), mix(NEXT, gas=1, hydro=2)]
ROWS = [
    *[
        charge(str(i), f"{i}.{i:03d}", f"user{i % 5}", ended=f"2026-03-{9 + i % 3:02d}T1{i % 10}:07:00+08:00")
        for i in range(1, 13)
    ],
    *[charge_us(str(i), f"{i}.{i:03d}", f"user{i % 3}", ended=f"2026-03-10T18:{i}:00Z") for i in range(20, 24)],
]


def receipt(book: Book) -> dict[str, Any]:
    """What the one run of the book says."""
    (commit,) = book.commits()
    return json.loads((book.root / "receipts" / f"{commit['receipt']}.json").read_text(encoding="utf-8"))


def outputs(book: Book) -> dict[str, str]:
    return {name: receipt(book)["outputs"][name] for name in OUTPUTS}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Grid and sessions in the order as written, one file each, one thread."""
    book = Book(tmp_path_factory.mktemp("digests"))
    book.grid(*GRID)
    book.sessions(*ROWS)
    book.account()
    return book


def test_order_of_rows_split_into_files_order_of_files_and_threads(
    plain: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGELEDGER_THREADS", "4")
    book = Book(tmp_path)
    book.sessions(*ROWS[::-3])
    book.sessions(*ROWS[::-3])  # the same file again
    book.grid(*GRID[::-1])
    for start in (1, 0):
        book.sessions(*[row for row in reversed(ROWS) if row not in ROWS[::-3]][start::2])
    book.account()
    assert len(book.entries()) == len(ROWS)
    assert outputs(book) == outputs(plain)
    assert receipt(book)["inputs"]["digests"] == receipt(plain)["inputs"]["digests"]
    same = [{name: value for name, value in e.items() if name != "receipt_digest"} for e in book.entries()]
    assert same == [{name: value for name, value in e.items() if name != "receipt_digest"} for e in plain.entries()]


def test_the_very_same_files_give_the_very_same_receipt(plain: Book, tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.grid(*GRID)
    book.sessions(*ROWS)
    book.account()
    assert book.commits() == plain.commits()
    assert book.entries() == plain.entries()


def test_an_order_left_to_chance_would_be_noticed(plain: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """16 entries fall into the right order by chance once in 2 x 10^13 times."""
    right = "(ORDER BY p.programme, p.session_id, p.vintage, p.user_id, p.kind)  "
    altered.account_sql(monkeypatch, tmp_path, "ledger_entry", right, "(ORDER BY p.chance)")
    altered.account_sql(monkeypatch, tmp_path, "ledger_entry", "    c.*,", "    c.*, random() AS chance,")
    book = Book(tmp_path / "book")
    book.grid(*GRID)
    book.sessions(*ROWS)
    book.account()
    assert outputs(book)["ledger_entry"] != outputs(plain)["ledger_entry"]
    assert outputs(book)["session_award"] == outputs(plain)["session_award"]


def test_one_nanogram_or_one_instant_more_is_another_digest(plain: Book, tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.grid(*GRID)
    book.sessions(*ROWS[:-1], charge_us("23", "23.024", "user2", ended="2026-03-10T18:23:00Z"))  # one Wh more
    book.account()
    differing = {name for name in OUTPUTS if outputs(book)[name] != outputs(plain)[name]}
    assert differing == {"session_hour", "session_assessment", "session_award", "ledger_entry"}
