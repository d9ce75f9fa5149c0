"""Each invariant that applies, on the story, by the plain reading; and each plain reading notices when its property is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from chargeledger.errors import Refused
from tests.ledger import altered, plain_reading
from tests.ledger.book import Book, charge


def tampered(book: Book, statement: str) -> None:
    """Change the published database of a copy, as nobody should."""
    with duckdb.connect(str(book.publication() / "chargeledger.duckdb")) as con:
        con.execute(statement)


@pytest.fixture
def book(whole_story: Book, tmp_path: Path) -> Book:
    """A copy of the story that a test may break."""
    return whole_story.copy(tmp_path / "book")


def test_rows_and_wh_close_in_every_batch(whole_story: Book) -> None:
    assert plain_reading.rows_and_wh_close(whole_story) == 14 + 11 + 1 + 3


@pytest.mark.parametrize("change", [None, {"outcome": "accepted"}, {"row_number": 1}], ids=["lost", "other", "twice"])
def test_a_row_without_exactly_its_fate_is_noticed(
    whole_story: Book, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any] | None
) -> None:
    outcomes = whole_story.staged("row_outcome")
    (place,) = [i for i, row in enumerate(outcomes) if row["row_key"] == "OP:1" and row["outcome"] == "duplicate"]
    outcomes[place : place + 1] = [] if change is None else [outcomes[place] | change]
    real = Book.staged
    monkeypatch.setattr(Book, "staged", lambda book, name: outcomes if name == "row_outcome" else real(book, name))
    with pytest.raises(AssertionError):
        plain_reading.rows_and_wh_close(whole_story)


def test_a_file_that_loses_a_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = "LEFT JOIN known AS k ON k.row_key = j.row_key AND k.content_digest = j.content_digest"
    altered.staging_sql(monkeypatch, tmp_path, "row_outcome", last, f"{last}\nWHERE j.row_number <> 2")
    with pytest.raises(Refused):
        Book(tmp_path / "book").sessions(charge("1", "10"), charge("2", "10"))


def test_hours_sum_to_readings_and_have_one_published_factor(whole_story: Book) -> None:
    relations = plain_reading.computed(whole_story)
    assert plain_reading.hours_sum_to_readings(relations) == 14  # 16 lineages less one refused and one outside
    assert plain_reading.every_hour_has_one_factor(whole_story, relations) == len(relations["session_hour"])
    relations["session_hour"][0]["reading_wh"] += 1
    with pytest.raises(AssertionError):
        plain_reading.hours_sum_to_readings(relations)
    with pytest.raises(AssertionError):
        plain_reading.every_hour_has_one_factor(whole_story, relations)


def test_user_points_are_the_fold(whole_story: Book, book: Book) -> None:
    assert plain_reading.points_are_the_fold(whole_story) == 7
    tampered(book, "UPDATE user_points SET points = points + 1 WHERE last_seq = 21")
    with pytest.raises(AssertionError):
        plain_reading.points_are_the_fold(book)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE user_points SET final_points = points",
        "UPDATE vintage SET points = points - 1",
        "DELETE FROM ledger_entry WHERE seq = 3",
        "DELETE FROM user_points WHERE last_seq = 21",
    ],
)
def test_the_fold_notices(book: Book, statement: str) -> None:
    tampered(book, statement)
    with pytest.raises(AssertionError):
        plain_reading.points_are_the_fold(book)


@pytest.mark.parametrize("change", [{"seq": 19}, {"seq": 23}, {"entry_id": "1"}], ids=["repeat", "gap", "same id"])
def test_seq_has_no_gap_and_ids_no_repeat(whole_story: Book, change: dict[str, Any]) -> None:
    entries = whole_story.entries()
    assert plain_reading.feed_has_no_gap(entries) == 22
    entries[18] |= {"entry_id": "1"} if "entry_id" in change else {}
    entries[19] |= change
    with pytest.raises(AssertionError):
        plain_reading.feed_has_no_gap(entries)


def test_every_lineage_received_has_one_state(whole_story: Book, book: Book) -> None:
    assert plain_reading.every_lineage_has_one_state(whole_story) == {
        "provisional": 7,
        "final": 3,
        "awaiting approval": 3,
        "not awarded": 1,
        "outside": 1,
        "quarantined": 1,
    }
    tampered(book, "DELETE FROM session_status WHERE session_id = 'OP:9'")
    with pytest.raises(AssertionError):
        plain_reading.every_lineage_has_one_state(book)


@pytest.mark.parametrize("column", ["points", "emission_reductions_ng", "rounding_ng", "capped_ng"])
def test_every_entry_closes(whole_story: Book, column: str) -> None:
    entries = whole_story.entries()
    assert plain_reading.every_entry_closes(entries) == 22
    entries[19][column] += 1
    with pytest.raises(AssertionError):
        plain_reading.every_entry_closes(entries)
