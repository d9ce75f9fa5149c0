"""`trace` tells where the points of a charge are: every row received, what counts, each entry with its publication, the state.

The story's fates, files and figures are read from its sent files and from paper, never through the package.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking
from chargeledger.errors import UsageError
from chargeledger.trace_state import words
from tests.ledger.book import HOUR, Book, charge, charge_us, mix, user
from tests.ledger.told import charged

Row = dict[str, Any]
STATES = (
    *("quarantined", "duplicate", "awaiting original", "awaiting station", "awaiting grid", "awaiting owner"),
    *("awaiting approval", "outside", "not awarded", "provisional", "final", "withdrawn"),
)


def one(book: Book, order: str) -> Row:
    (told,) = asking.trace(book.lake, order)
    return told


def sent_rows(book: Book) -> Counter[str]:
    """How often each order stands in the sent files."""
    rows: Counter[str] = Counter()
    for path in book.sent.glob("*_session_csv.csv"):
        with open(path, encoding="utf-8", newline="") as lines:
            rows.update(f"{row['operator']}:{row['order_number']}" for row in csv.DictReader(lines))
    return rows


@pytest.fixture(scope="module")
def traced(whole_story: Book) -> dict[str, Row]:
    return {order: one(whole_story, order) for order in sent_rows(whole_story)}


def test_every_row_that_was_sent_is_told_once_with_its_file(whole_story: Book, traced: dict[str, Row]) -> None:
    sent = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in whole_story.sent.iterdir()}
    for order, count in sent_rows(whole_story).items():
        rows = traced[order]["received"]
        assert len(rows) == count, order
        assert {(row["landing_digest"], row["file_name"]) for row in rows} <= set(sent.items())
        assert len({(row["landing_digest"], row["row_number"]) for row in rows}) == count


def test_the_state_is_the_published_one(whole_story: Book, traced: dict[str, Row]) -> None:
    for status in whole_story.published("session_status"):
        stands = traced[status["session_id"]]["standing"]
        assert [stands[name] for name in ("state", "reason", "has_quarantined_revision")] == [
            status[name] for name in ("state", "reason", "has_quarantined_revision")
        ]


def test_the_entries_are_those_of_the_ledger_and_name_the_file_that_holds_them(
    whole_story: Book, traced: dict[str, Row]
) -> None:
    posted = Counter((e["session_id"], e["seq"], e["points"], e["receipt_digest"]) for e in whole_story.entries())
    told = [(order, entry) for order, row in traced.items() for entry in row["entries"]]
    assert Counter((order, e["seq"], e["points"], e["receipt_digest"]) for order, e in told) == posted
    for _, entry in told:
        first, last = (int(part) for part in Path(entry["segment"]).stem.split("-"))
        assert first <= entry["seq"] <= last
        assert (whole_story.root / "published" / entry["segment"]).exists()
    # Each run of the story posts and publishes: 8, 11, 1 and 2 entries.
    run = {**dict.fromkeys(range(1, 9), 1), **dict.fromkeys(range(9, 20), 2), 20: 3, 21: 4, 22: 4}
    assert {entry["seq"]: entry["publication"] for _, entry in told} == run


def test_a_session_that_moved_across_midnight(traced: dict[str, Row]) -> None:
    told = traced["OP:4"]  # row 5 of the first file, row 4 of the second
    assert [(row["batch_seq"], row["row_number"], row["outcome"]) for row in told["received"]] == [
        (2, 5, "accepted"),
        (4, 4, "accepted"),
    ]
    assert (told["revisions"][0]["file_name"], told["counts_because"]) == (
        "003_session_csv.csv",
        "none tells a revision time: it landed last",
    )
    assert [str(day) for day in told["days"]] == ["2026-03-10", "2026-03-11"]
    assert [(entry["kind"], entry["points"]) for entry in told["entries"]] == [
        ("issuance", 3438),
        ("reversal", -3438),
        ("issuance", 3438),
    ]
    assert told["points"] == 3438
    assert told["standing"]["resolves"].endswith("after 2026-04-10T16:00:00Z")  # 30 days after the 11th in Shanghai


def test_a_refused_session_names_its_rule_and_what_the_rule_says(traced: dict[str, Row]) -> None:
    told = traced["OP:9"]
    assert [(row["outcome"], row["rule"]) for row in told["received"]] == [("quarantined", "energy_not_negative")]
    assert "energy_not_negative (a completed session delivers no negative energy)" in told["standing"]["means"]
    assert "quarantine release --rule energy_not_negative" in told["standing"]["resolves"]
    assert (told["revisions"], told["hours"], told["entries"], told["days"]) == ([], [], [], [])


def test_a_held_session_shows_the_factor_that_its_award_rests_on(traced: dict[str, Row]) -> None:
    """50 of gas at 370 g, 40 of hydro, 10 geothermal are 185 g; that the hour is now told to be coal is held."""
    told = traced["OP:12"]
    assert told["standing"]["state"] == "awaiting approval"
    assert [hour["intensity_ug_per_kwh"] for hour in told["hours"]] == [185_000_000]
    assert [run["state"] for run in told["history"]] == ["awaiting grid", "awarded", "awaiting approval"]
    assert len({run["receipt"] for run in told["history"]}) == 3


def test_an_hour_that_is_there_and_one_that_lacks(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10", ended="2026-03-10T18:30:00Z", started="2026-03-10T17:30:00Z"))
    book.account()
    told = one(book, "OP:1")
    assert [hour["intensity_ug_per_kwh"] for hour in told["hours"]] == [370_000_000, None]
    assert told["standing"]["means"] == "no generation mix of US-CAL-CISO is known for the hour 2026-03-10T18:00:00Z"
    assert told["assessment"] is None


def test_what_has_come_since_and_what_is_not_published_yet(china: Book) -> None:
    assert one(china, "OP:1")["entries"][0]["publication"] is None
    china.publish()
    china.sessions(charge("1", "12"))
    told = one(china, "OP:1")
    assert (told["standing"]["newer"], told["points"]) == (["the session"], 3820)
    china.account()
    told = one(china, "OP:1")
    assert told["standing"]["newer"] == []
    assert [(entry["points"], entry["publication"]) for entry in told["entries"]] == [(3820, 1), (764, None)]
    china.publish()
    assert [entry["publication"] for entry in one(china, "OP:1")["entries"]] == [1, 2]


def test_an_order_number_alone_finds_it_at_every_issuer(china: Book) -> None:
    china.send("session_csv", charged("1", operator="other"))
    assert [row["session_id"] for row in asking.trace(china.lake, "1")] == ["OP:1", "OTHER:1"]
    assert [row["session_id"] for row in asking.trace(china.lake, "other:1")] == ["OTHER:1"]
    assert one(china, "OTHER:1")["standing"]["state"] == "not accounted"


def test_an_unknown_order_says_what_was_searched_and_at_most_five_like_it(whole_story: Book) -> None:
    with pytest.raises(UsageError) as refused:
        asking.trace(whole_story.lake, "op:17")
    assert "searched the 16 orders of all rows ever received, those in quarantine" in str(refused.value)
    assert "nearest: OP:1, OP:10, OP:11, OP:12, OP:13." in str(refused.value)
    with pytest.raises(UsageError, match="none is like it"):
        asking.trace(whole_story.lake, "ELSEWHERE-9999999")


def test_a_users_day_is_the_same_by_pseudonym_and_by_account(whole_story: Book) -> None:
    by_user = asking.trace(whole_story.lake, user=user("alice"), day="2026-03-09")
    by_account = asking.trace(whole_story.lake, account=" alice ", day="2026-03-09")
    assert by_user == by_account
    # 3 came over from bob; 8 is outside, 10 too small, and of 9, which was refused, nobody knows the day
    assert [row["session_id"] for row in by_user] == ["OP:1", "OP:10", "OP:2", "OP:3", "OP:8", "OP:9"]
    bobs = asking.trace(whole_story.lake, account="bob", day="2026-03-09")
    assert [row["session_id"] for row in bobs] == ["OP:3", "OP:6", "OP:7"], "what was taken back from him, too"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"user": "alice", "day": "2026-03-09"}, "--user takes a pseudonym"),
        ({"account": "alice", "day": "Tuesday"}, "like 2026-03-09; got 'Tuesday'"),
        (
            {"account": "alice", "day": "2026-03-09", "namespace": "nobody"},
            "unknown namespace 'nobody'. Known: ACN-JPL",
        ),
        ({"account": "zoe", "day": "2026-03-09"}, "nor of any other day"),
        ({"account": "bob", "day": "2026-04-01"}, "nearest days with one: 2026-03-10, 2026-03-09"),
    ],
)
def test_what_cannot_be_answered_names_no_account(whole_story: Book, asked: Row, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        asking.trace(whole_story.lake, **asked)
    assert said in str(refused.value)
    assert not any(name in str(refused.value) for name in ("alice", "bob", "zoe"))


def test_nothing_is_written(whole_story: Book) -> None:
    def bytes_of() -> dict[str, tuple[int, int]]:
        found = (path for path in whole_story.root.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in found}

    before = bytes_of()
    asking.trace(whole_story.lake, "OP:1")
    asking.trace(whole_story.lake, account="alice", day="2026-03-09")
    assert bytes_of() == before


def test_every_state_has_its_words() -> None:
    assert {name.partition(":")[0] for name in words()} == {*STATES, "not accounted", "not received", "rejected"}
