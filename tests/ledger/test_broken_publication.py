"""Break a publication on purpose, one property at a time: it is refused by name, and the old one stays current."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chargeledger import publication, publication_inputs
from chargeledger.engine import Engine
from chargeledger.errors import Refused
from chargeledger.feed import json_lines
from tests.ledger import altered
from tests.ledger.book import Book, Row, charge

STATE = "CASE WHEN s.state = 'awarded' THEN v.state ELSE s.state END"
TWICE = "FROM (SELECT * FROM prior_state UNION ALL SELECT * FROM prior_state) AS s"
SUM = "(SELECT CAST(coalesce(SUM(points), 0) AS DECIMAL(38,0)) FROM entry_tally_log)"
# What the refusal must say; the relation of transforms/publish; its line, and a wrong one.
BREAKS = [
    # 3: user_points is the fold, per user and in total
    ("user_points_is_the_fold", "user_points", "SUM(points)", "SUM(points) + 1"),
    ("user_points_is_the_fold", "user_points", "SUM(emission_reductions_ng)", "SUM(emission_reductions_ng) - 1"),
    ("user_points_is_the_fold", "user_points", "FROM held", "FROM held WHERE last_seq > 1"),
    ("the sum of points of the segments", "publication", SUM, "CAST(1 AS DECIMAL(38,0))"),
    ("as many entries as the ledger", "publication", "coalesce(SUM(entries), 0)", "coalesce(SUM(entries), 0) - 1"),
    ("assessment_holds_what_is_posted", "session_assessment", "  s.points,", "  s.points + 1 AS points,"),
    ("assessment_holds_what_is_posted", "session_assessment", "FROM prior_state", "FROM session_state_log"),
    ("assessment_holds_what_is_posted", "ledger_entry", "WHERE w.from_day", "WHERE e.seq > 1 AND w.from_day"),
    # 12: one known state for every lineage
    ("every_lineage_has_one_state", "session_status", STATE, "s.state"),
    ("every_lineage_has_one_state", "session_status", "FROM prior_state AS s", TWICE),
    pytest.param(
        *("every_lineage_has_one_state", "session_status", "WHERE w", "WHERE s.session_id <> 'OP:2' AND w"),
    ),
    pytest.param(
        *("user_points_is_the_fold", "user_points", "CASE WHEN v.state = 'final'", "CASE WHEN v.state = 'provisional'"),
    ),
    pytest.param(
        *("vintage", "vintage", "coalesce(h.points, 0)", "coalesce(h.points, 0) + 1"),
    ),
]


# With a window only what is new is read: the same wrong lines, and what says so then.
WINDOWED = [
    ("user_points_sum_to_vintages", "user_points", "SUM(points)", "SUM(points) + 1"),
    ("user_points_sum_to_vintages", "user_points", "SUM(emission_reductions_ng)", "SUM(emission_reductions_ng) - 1"),
    (
        "user_points_sum_to_vintages",
        "user_points",
        "FROM user_points_before",
        "FROM user_points_before WHERE points > 4000",
    ),
    ("user_points_sum_to_vintages", "user_points", "CASE WHEN v.state = 'final'", "CASE WHEN v.state = 'provisional'"),
    ("user_points_sum_to_vintages", "vintage", "coalesce(h.points, 0)", "coalesce(h.points, 0) + 1"),
    ("the sum of points of the segments", "publication", SUM, "CAST(1 AS DECIMAL(38,0))"),
    ("assessment_holds_what_is_posted", "session_assessment", "FROM prior_state", "FROM session_state_log"),
]


@pytest.fixture(scope="module")
def unpublished(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Two sessions published, one of them corrected and not yet published."""
    book = Book(tmp_path_factory.mktemp("broken") / "book")
    book.sessions(charge("1", "10"), charge("2", "10", "bob"))
    book.account()
    book.publish()
    book.sessions(charge("1", "12"))
    book.account()
    return book


@pytest.fixture
def book(unpublished: Book, tmp_path: Path) -> Book:
    return unpublished.copy(tmp_path / "book")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name != ".lock"}


@pytest.mark.parametrize(("said", "relation", "line", "wrong"), BREAKS)
def test_a_broken_publication_is_refused_and_the_old_one_stays(
    book: Book, tmp_path: Path, said: str, relation: str, line: str, wrong: str
) -> None:
    published = book.root / "published"
    before = files(published)
    with pytest.MonkeyPatch.context() as patch:
        altered.publish_sql(patch, tmp_path, relation, line, wrong)
        with pytest.raises(Refused, match=said):
            book.publish()
    assert book.publication().name == "1"
    assert {path for path in files(published) - before if not path.startswith("segments/")} == set()
    assert book.publish()["number"] == 2
    assert book.published("publication")[0]["points"] == 4584 + 3820


@pytest.mark.parametrize(("said", "relation", "line", "wrong"), WINDOWED)
def test_a_broken_publication_with_a_window_is_refused(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, relation: str, line: str, wrong: str
) -> None:
    monkeypatch.setattr(publication_inputs, "WHOLE_BELOW_SESSIONS", 1)
    with pytest.MonkeyPatch.context() as patch:
        altered.publish_sql(patch, tmp_path, relation, line, wrong)
        with pytest.raises(Refused, match=said):
            book.publish()
    assert book.publish()["number"] == 2


def _flip(path: Path) -> None:
    """Another byte in the middle of what the file holds of its rows."""
    content = bytearray(path.read_bytes())
    content[content.index(b"OP:2")] ^= 1
    path.write_bytes(content)


def _ask(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute(sql)


@pytest.mark.parametrize(
    ("said", "harm"),
    [
        ("other rows of user_points", lambda path: _ask(path, "UPDATE user_points SET points = points + 1")),
        (
            "other rows of session_status",
            lambda path: _ask(path, "DELETE FROM session_status WHERE session_id = 'OP:2'"),
        ),
        ("other rows of vintage", lambda path: _ask(path, "INSERT INTO vintage SELECT * FROM vintage")),
        ("other rows of session_assessment", lambda path: _ask(path, "UPDATE session_assessment SET region = 'else'")),
        ("cannot be read back", _flip),
        ("cannot be read back", lambda path: path.write_bytes(path.read_bytes()[:-4096])),
    ],
)
def test_a_database_that_gives_back_something_else_is_refused(
    book: Book, monkeypatch: pytest.MonkeyPatch, said: str, harm: Callable[[Path], None]
) -> None:
    """What is verified is the new file as it lies there, before the pointer moves to it."""
    real = publication._write_database

    def write(engine: Engine, path: Path) -> None:
        real(engine, path)
        harm(path)

    with monkeypatch.context() as patch:
        patch.setattr(publication, "_write_database", write)
        with pytest.raises(Refused, match=said):
            book.publish()
    assert book.publication().name == "1"
    assert book.publish()["number"] == 2


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("seq_is_gapless", {"seq": 4}),
        ("entry_id_is_unique", {"entry_id": None}),
        ("entry_closes", {"rounding_ng": 1}),
        ("entry_tally_is_the_fold", {"points": 765}),
        ("user_points_is_the_fold", {"user_id": "somebody else"}),
        ("segment_holds_what_was_posted", {"user_id": "somebody else"}),
        ("user_has_one_shard", {"shard": 3}),
        ("shard_seq_is_gapless", {"shard_seq": 3}),
    ],
)
def test_a_segment_that_lies_there_and_is_not_the_ledgers_is_refused(book: Book, said: str, change: Row) -> None:
    """A segment is written once: one that is there already is taken, but only if everything holds with it."""
    first, _, third = book.entries()
    (known,) = (book.root / "published" / "segments" / "ledger_entry").glob("*/000000000001-*.parquet")
    assert pq.read_table(known, columns=["user_id"]).column(0).to_pylist() == [first["user_id"]]
    wrong = third | {"shard": int(known.parent.name[0]), "shard_seq": 2} | change
    wrong |= {"entry_id": first["entry_id"]} if "entry_id" in change else {}
    rows = pa.Table.from_pylist([wrong], schema=pq.read_schema(known))
    pq.write_table(rows, known.parent / "000000000003-000000000003.parquet")
    (known.parent / "000000000003-000000000003.jsonl").write_bytes(b"".join(json_lines([rows])))
    with pytest.raises(Refused, match=said):
        book.publish()
    assert book.publication().name == "1"


def test_a_publication_does_not_rest_on_one_that_was_changed(book: Book) -> None:
    with duckdb.connect(str(book.publication() / "chargeledger.duckdb")) as con:
        con.execute("UPDATE user_points SET points = points + 1 WHERE last_seq = 1")
    with pytest.raises(Refused, match="is not what was published, and the next publication rests on it"):
        book.publish()
    assert book.publication().name == "1"
