"""An hour estimated first and measured later: what was known when stays readable, and a run as of then reads the past.

Paper: an AC charge in California of 10 kWh in one hour is worth 10 000 x (905 091 303 - EF) ng, EF in ug/kWh of that hour:
  estimated, gas alone, 370 000 000              5 350 points
  measured, half gas, half solar, 185 000 000    7 200 points
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chargeledger import asking, flow
from chargeledger.computation import compute
from chargeledger.engine import Engine
from chargeledger.lake import Lake, parse_instant
from chargeledger.programme import programmes
from chargeledger.scope import Inputs, Question, Scope
from tests.ledger.book import GRID_COLUMNS, HOUR, NOON, US, Book, charge_us, mix

VERSION = "us_ev_charging@1.0.0"
GAS, HALF = {"gas": 100}, {"gas": 50, "solar": 50}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """The hour estimated, a session in it accounted, the hour measured, and accounted again: two commits of the ledger."""
    book = Book(tmp_path / "book")
    book.sessions(charge_us("1", "10"), at=NOON)
    for is_estimated, sources in (("true", GAS), ("false", HALF)):
        _told(book, is_estimated, **sources)
        book.account(at=NOON)
    return book


def _told(book: Book, is_estimated: str, **sources: int) -> dict[str, Any]:
    path = book.sent / f"hour {len(list(book.sent.iterdir()))}.csv"
    lines = [f"{GRID_COLUMNS},is_estimated", f"{mix(HOUR, **sources)},{is_estimated}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return flow.ingest("grid_mix_csv", [str(path)], book.lake, NOON)[0]


def _current(book: Book, inputs: Inputs) -> list[tuple[str, int, bool | None, int]]:
    """The mix that a run on these inputs reads: source, MWh, whether it is an estimate, and the batch it became known in."""
    with Engine(threads=1) as engine:
        question = Question(everything=True)
        compute(Lake(book.lake), engine, Scope(), parse_instant(NOON), inputs, programmes(), question)
        rows = engine.rows("SELECT * FROM grid_mix_current ORDER BY source")
    return [(r["source"], int(str(r["generation_pwh"])) // 10**18, r["is_estimated"], r["batch_seq"]) for r in rows]  # type: ignore[misc]


def test_the_measured_hour_supersedes_the_estimate_and_both_are_kept(book: Book) -> None:
    assert [entry["points"] for entry in book.entries()] == [5350, 1850]
    assert _current(book, Inputs.newest(Lake(book.lake))) == [("gas", 50, False, 3), ("solar", 50, False, 3)]
    kept = [
        (hour["source"], int(hour["generation_pwh"]) // 10**18, hour["is_estimated"])
        for hour in book.staged("grid_mix_hour")
    ]
    assert sorted(kept) == [("gas", 50, False), ("gas", 100, True), ("solar", 50, False)]


def test_a_receipt_of_the_estimate_is_computed_again_to_the_same(book: Book) -> None:
    estimated, measured = (commit["receipt"] for commit in book.commits())
    for receipt in (estimated, measured):
        done = asking.rerun(receipt, book.lake)
        assert (done["same"], done["difference"]) == (True, None)


def test_a_comparison_as_of_the_estimate_reads_the_estimate(book: Book) -> None:
    first, second = Lake(book.lake).commits()
    told = {
        commit.version: asking.compare_methodology(book.lake, None, VERSION, US, as_of=commit.version, at=NOON)
        for commit in (first, second)
    }
    assert [told[c.version]["points"] for c in (first, second)] == [5350, 7200]
    assert [told[c.version]["ledger_points"] for c in (first, second)] == [5350, 7200]
    as_of_first = Inputs(told[first.version]["inputs"]["staged"], first.version)
    assert _current(book, as_of_first) == [("gas", 100, True, 2)]
    newest = asking.compare_methodology(book.lake, None, VERSION, US, at=NOON)
    assert newest["points"] == 7200


def test_the_same_figures_as_an_estimate_again_are_known_and_post_nothing(book: Book) -> None:
    assert _told(book, "true", **HALF)["rows_accepted"] == 1
    done = book.account(at=NOON)
    assert (done["posted_entries"], len(book.entries())) == (0, 2)
    assert _current(book, Inputs.newest(Lake(book.lake))) == [("gas", 50, True, 4), ("solar", 50, True, 4)]
