"""The reward service's own list against the ledger: missing, doubled, differing or unknown, in counts and sums that close."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chargeledger.errors import Refused, UsageError
from chargeledger.reconcile import FINDINGS, Reconciled, reconcile
from tests.ledger.book import Book, Row

COLUMNS = ("entry_id", "user_id", "points")


def credited(path: Path, rows: list[Row]) -> Path:
    """A list as a reward service might export it, with a column of its own."""
    if path.suffix == ".csv":
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, (*COLUMNS, "credited_at"), extrasaction="ignore", restval="today")
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps({name: row[name] for name in COLUMNS}) + "\n" for row in rows))
    return path


def figures(told: Reconciled) -> dict[str, tuple[int, ...]]:
    names = ("entries", "points", "ledger_points", "difference_points")
    found = {finding: tuple(int(row[name]) for name in names) for finding, row in told.totals.items()}
    assert told.credited_points == told.ledger_points + sum(row[3] for row in found.values())
    return found


@pytest.fixture
def entries(whole_story: Book) -> list[Row]:
    return whole_story.entries()


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_an_equal_list_in_any_order_is_equal(whole_story: Book, entries: list[Row], tmp_path: Path, name: str) -> None:
    told = reconcile(credited(tmp_path / name, entries[::-1]), whole_story.lake)
    points = sum(row["points"] for row in entries)
    assert (told.is_equal, told.totals, told.left_out) == (True, {}, 0)
    assert (told.ledger_entries, told.credited_rows, told.ledger_points, told.credited_points) == (
        22,
        22,
        points,
        points,
    )


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_each_kind_of_difference_is_found_and_the_sums_close(
    whole_story: Book, entries: list[Row], tmp_path: Path, name: str
) -> None:
    rows = [dict(row) for row in entries]
    lost = [rows.pop(20), rows.pop(10), rows.pop(4)]
    rows[0]["points"] += 5
    rows[1]["user_id"] = "somebody else"
    rows += [entries[2], entries[2], entries[3]]
    rows.append(entries[0])  # once as it is and once with other points: the one that agrees counts
    rows += [{"entry_id": "none", "user_id": "x", "points": 7}, {"entry_id": "none", "user_id": "x", "points": -2}]
    told = reconcile(credited(tmp_path / name, rows), whole_story.lake)
    twice = 2 * entries[2]["points"] + entries[3]["points"] + entries[0]["points"] + 5
    gone = sum(row["points"] for row in lost)
    assert figures(told) == {
        "missing": (3, 0, gone, -gone),
        "doubled": (4, twice, twice - 5, twice),
        "differing": (1, entries[1]["points"], entries[1]["points"], 0),
        "unknown": (2, 5, 0, 5),
    }
    assert told.examples == {
        "missing": [entries[place]["entry_id"] for place in (4, 10, 20)],
        "doubled": [entries[0]["entry_id"], *[entries[2]["entry_id"]] * 2, entries[3]["entry_id"]],
        "differing": [entries[1]["entry_id"]],
        "unknown": ["none", "none"],
    }


def test_up_to_a_place_what_comes_later_is_left_out(whole_story: Book, entries: list[Row], tmp_path: Path) -> None:
    told = reconcile(credited(tmp_path / "list.csv", entries[:12]), whole_story.lake, until=10)
    assert (told.is_equal, told.ledger_entries, told.credited_rows, told.left_out) == (True, 10, 10, 2)
    told = reconcile(credited(tmp_path / "list.csv", [*entries[1:12], entries[11]]), whole_story.lake, until=10)
    assert set(figures(told)) == {"missing"} and told.left_out == 3
    whole = reconcile(credited(tmp_path / "list.csv", entries[:12]), whole_story.lake, until=99)
    assert figures(whole)["missing"][0] == 10 and whole.until == "seq 22"


def test_of_one_shard_the_others_are_left_out(whole_story: Book, entries: list[Row], tmp_path: Path) -> None:
    from tests.ledger.test_feed_shards import owed

    mine = [row for row in owed(whole_story) if row["shard"] == 1]
    told = reconcile(credited(tmp_path / "list.csv", entries), whole_story.lake, until=3, shard=1)
    assert (told.is_equal, told.ledger_entries, told.left_out) == (True, 3, 19)
    told = reconcile(credited(tmp_path / "list.csv", mine[1:]), whole_story.lake, shard=1)
    assert told.examples["missing"] == [mine[0]["entry_id"]] and told.until == f"shard_seq {len(mine)} of shard 1"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_the_whole_list_is_written(whole_story: Book, entries: list[Row], tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"findings{suffix}"
    told = reconcile(credited(tmp_path / "list.csv", entries[7:]), whole_story.lake, out=out)
    text = out.read_text(encoding="utf-8")
    rows: list[Any] = (
        list(csv.DictReader(text.splitlines())) if suffix == ".csv" else list(map(json.loads, text.splitlines()))
    )
    assert [(row["finding"], row["entry_id"]) for row in rows] == [("missing", row["entry_id"]) for row in entries[:7]]
    assert sum(int(row["difference_points"]) for row in rows) == -sum(row["points"] for row in entries[:7])
    assert len(told.examples["missing"]) == 5


REFUSED = {
    "no column": ("list.csv", "entry_id,points\na,1\n", "has no column user_id; it has entry_id, points"),
    "no heading": (
        "list.csv",
        "a,alice,1\nb,bob,2\n",
        "has no column entry_id, user_id, points; its first line names none",
    ),
    "an empty file": ("list.csv", "", "no column entry_id, user_id, points"),
    "a key that no line has": (
        "list.jsonl",
        '{"entry_id": "a", "user_id": "u"}\n',
        "has no column points; it has entry_id",
    ),
    "parts of points": ("list.csv", "entry_id,user_id,points\na,u,1\nb,u,1.5\n", "1 rows of .* points: rows 2"),
    "points in words": ("list.jsonl", '{"entry_id":"a","user_id":"u","points":"five"}\n', "1 rows of .*: rows 1"),
    "points beyond 64 bits": ("list.csv", f"entry_id,user_id,points\na,u,{2**63}\n", "1 rows of"),
    "no entry": ("list.csv", "entry_id,user_id,points\n" + ",u,1\n" * 7, "7 rows of .*: rows 1, 2, 3, 4, 5 and 2 more"),
    "broken JSON": ("list.jsonl", '{"entry_id": \n', "cannot be read as JSON lines"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_list_that_does_not_say_what_it_owes_is_refused(whole_story: Book, tmp_path: Path, what: str) -> None:
    name, text, said = REFUSED[what]
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=said) as refused:
        reconcile(tmp_path / name, whole_story.lake)
    assert "alice" not in str(refused.value)  # what stands in place of a heading may be somebody


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl"])
def test_a_list_without_rows_misses_everything(whole_story: Book, tmp_path: Path, name: str) -> None:
    told = reconcile(credited(tmp_path / name, []), whole_story.lake)
    assert figures(told)["missing"][0] == told.ledger_entries == 22


def test_wrong_calls(whole_story: Book, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        reconcile(tmp_path / "none.csv", whole_story.lake)
    given = credited(tmp_path / "list.csv", [])
    for out in (given, tmp_path / "out.txt"):
        with pytest.raises(UsageError, match="--out takes another file"):
            reconcile(given, whole_story.lake, out=out)
    with pytest.raises(UsageError, match="cannot be written"):
        reconcile(given, whole_story.lake, out=tmp_path / "no" / "out.csv")
    with pytest.raises(UsageError, match=r"takes a CSV file \(.csv\) or JSON lines"):
        reconcile(given.rename(tmp_path / "list.txt"), whole_story.lake)


def test_the_command_tells_a_table_and_exits_1_where_they_differ(
    whole_story: Book, entries: list[Row], tmp_path: Path
) -> None:
    for rows, code in ((entries, 0), (entries[1:], 1)):
        given = credited(tmp_path / "list.csv", rows)
        command = [sys.executable, "-m", "chargeledger.cli", "feed", "reconcile", "--credited", str(given)]
        done = subprocess.run([*command, "--lake", whole_story.lake], capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (code, "")
        cells = [re.split(r"\s*[│┃]\s*", line) for line in done.stdout.splitlines()]
        told = {row[1]: row[2:] for row in cells if len(row) > 2}
        assert told["missing"][0] == str(22 - len(rows)) and {*FINDINGS, "ledger", "credited"} <= set(told)
        assert told["credited"][1] == f"{sum(row['points'] for row in rows):,}"
    assert told["missing"][4] == entries[0]["entry_id"][:12]
