"""The SQL of the README, as it stands there: over the segments, and over the database, both locked."""

from __future__ import annotations

import re

import duckdb
import pytest

from tests.ledger.book import Book
from tests.ledger.test_feed_consumers import readme_block

LOCKED = {"enable_external_access": "false", "lock_configuration": "true"}
AFTER = 10  # the place in the README
COLUMNS = ("seq", "entry_id", "user_id", "points")


def owed(book: Book, after: int) -> list[tuple[object, ...]]:
    return [tuple(entry[name] for name in COLUMNS) for entry in book.entries() if entry["seq"] > after]


@pytest.mark.parametrize("after", [0, AFTER, 21, 22])
def test_over_the_segments(whole_story: Book, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    monkeypatch.chdir(whole_story.root)
    sql = re.sub(rf"\b{AFTER}\b", str(after), readme_block("sql", "read_parquet"))
    with duckdb.connect() as con:
        assert con.execute(sql).fetchall() == owed(whole_story, after)
        with pytest.raises(duckdb.PermissionException):
            con.execute("SELECT * FROM read_text('../sent/000_grid_mix_csv.csv')")
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            con.execute("SET enable_external_access = true")


def test_over_the_database(whole_story: Book) -> None:
    path = whole_story.publication() / "chargeledger.duckdb"
    with duckdb.connect(str(path), read_only=True, config=LOCKED) as con:
        assert con.execute(readme_block("sql", "FROM ledger_entry")).fetchall() == owed(whole_story, AFTER)


def test_only_segments_that_can_hold_something_new_are_named(
    whole_story: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(whole_story.root)
    with duckdb.connect() as con:
        con.execute(re.sub(rf"\b{AFTER}\b", "20", readme_block("sql", "read_parquet")))
        ((named,),) = con.execute("SELECT getvariable('segments')").fetchall()
    assert [path.rpartition("/")[2] for path in named] == [
        "000000000020-000000000020.parquet",
        "000000000021-000000000022.parquet",
    ]
