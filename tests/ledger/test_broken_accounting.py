"""Break the accounting on purpose, one property at a time: it refuses, names the invariant, and posts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from chargeledger.errors import Refused
from tests.ledger import altered
from tests.ledger.book import HOUR, NEXT, NOON, Book, charge, charge_us, mix

CN_VERSION, US_VERSION = "cn_ev_charging@1.2.0", "us_ev_charging@1.0.0"
SEQ, POSTING = "CAST(l.seq + n.place AS BIGINT)", "WHERE NOT c.is_held AND NOT c.is_standing"
BEGIN = "(GREATEST(start_s, hour_number * 3600) - start_s"
NOT_HELD = "WHERE NOT EXISTS (SELECT 1 FROM held AS h WHERE h.session_id = s.session_id)"
ANOTHER_HOUR = (
    "AS reading_wh\nFROM touched\nUNION ALL\nSELECT session_id, region, instant_of((last_hour + 1) * 3600), "
    "CAST(0 AS BIGINT) FROM touched WHERE hour_number = last_hour"
)
NOTHING_POSTED = (
    "FROM (SELECT * REPLACE (0 AS points, 0 AS emission_reductions_ng, 0 AS rounding_ng) FROM ledger_entry_log) AS e"
)
# The invariant that must be named; the relation of transforms/account or the step of a version; its line, and a wrong one.
BREAKS = [
    # 2: the hours of a session sum to its reading
    ("session_hour_sums_to_reading", CN_VERSION, "allocate", BEGIN, f"{BEGIN} + 1"),
    (
        "session_hour_sums_to_reading",
        US_VERSION,
        "allocate",
        "FROM touched",
        "FROM touched WHERE hour_number > first_hour",
    ),
    ("session_hour_is_contiguous", CN_VERSION, "allocate", "AS reading_wh\nFROM touched", ANOTHER_HOUR),
    # 3 and 6: the ledger holds what is due, of every key
    ("ledger_holds_what_is_due", "account", "ledger_entry", POSTING, f"{POSTING} AND c.session_id <> 'OP:2'"),
    ("ledger_holds_what_is_due", "account", "ledger_entry", POSTING, f"{POSTING} AND NOT c.nothing_due"),
    pytest.param(
        *("ledger_holds_what_is_due", "account", "posted", "FROM ledger_entry_log AS e", NOTHING_POSTED),
    ),
    # 8: seq without gap, ids without repeat
    ("seq_has_no_gap", "account", "ledger_entry", SEQ, "CAST(l.seq + n.place + 1 AS BIGINT)"),
    ("seq_has_no_gap", "account", "ledger_entry", SEQ, "CAST(l.seq + n.n AS BIGINT)"),
    ("entry_id_is_unique", "account", "ledger_entry", "CAST(n.n AS STRING)", "'0'"),
    ("entry_id_is_unique", "account", "posted", "GROUP BY", "WHERE e.vintage > DATE '2026-03-09' GROUP BY"),
    # 9: one factor for every assessed hour, which names its origin
    ("assessed_hour_has_one_factor", CN_VERSION, "intensity", "'national average of ' || f.data_year", "''"),
    ("assessed_hour_has_one_factor", US_VERSION, "intensity", "'generation mix of the hour'", "''"),
    ("assessed_hour_has_one_factor", CN_VERSION, "intensity", "SELECT DISTINCT region", "SELECT region"),
    # 12: one state for every lineage
    (
        "every_touched_lineage_has_a_state",
        "account",
        "session_state",
        NOT_HELD,
        f"{NOT_HELD} AND s.session_id <> 'OP:5'",
    ),
    ("one_assessment_per_session", CN_VERSION, "award", "ON r.programme = a.programme", "ON r.programme <> ''"),
    # 13: every award and every entry closes
    ("award_closes", CN_VERSION, "award", "- whole_points * 1000000000", "- whole_points * 999999999"),
    ("entry_closes", "account", "ledger_entry", "n.due_points - n.posted_points", "n.due_points - n.posted_points + 1"),
]


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Three Chinese sessions of one hour and a Californian one, posted; staged on top: all corrected, one moved, one new."""
    book = Book(tmp_path_factory.mktemp("broken") / "book")
    evening = "2026-03-09T18:30:00+08:00"
    book.grid(mix(HOUR, gas=100), mix(NEXT, gas=100), at=NOON)
    book.sessions(*_told("10", evening), charge("4", "10", ended=evening), at=NOON)
    book.account(at=NOON)
    moved, new = charge("4", "12", ended="2026-03-11T00:30:00+08:00"), charge("5", "12", ended=evening)
    book.sessions(*_told("12", evening), moved, new, at=NOON)
    return book


def _told(kwh: str, evening: str) -> list[str]:
    california = charge_us("3", kwh, ended="2026-03-10T18:30:00Z")
    return [charge("1", kwh, ended=evening), charge("2", kwh, "bob", ended=evening), california]


def test_unbroken_it_posts(waiting: Book, tmp_path: Path) -> None:
    book = waiting.copy(tmp_path / "book")
    assert book.account(at=NOON)["posted_entries"] == 6  # three corrections, a reversal, an issuance, a late session


@pytest.mark.parametrize(("invariant", "where", "relation", "line", "wrong"), BREAKS)
def test_a_broken_property_is_refused_by_name_and_nothing_is_posted(
    waiting: Book, tmp_path: Path, invariant: str, where: str, relation: str, line: str, wrong: str
) -> None:
    book = waiting.copy(tmp_path / "book")
    with pytest.MonkeyPatch.context() as patch:
        if where == "account":
            altered.account_sql(patch, tmp_path, relation, line, wrong)
        else:
            altered.version_sql(patch, tmp_path, where, relation, line, wrong)
        with pytest.raises(Refused, match=invariant):
            book.account(at=NOON)
    assert (len(book.entries()), len(book.commits())) == (4, 1)


def test_a_version_folder_that_was_changed_is_refused(
    waiting: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tests above freeze again: without that, the changed byte alone is refused."""
    book = waiting.copy(tmp_path / "book")
    altered.version_sql(monkeypatch, tmp_path, US_VERSION, "award", "s.user_id IS NOT NULL", "s.user_id  IS NOT NULL")
    factors = tmp_path / "methodology" / "us_ev_charging_1.0.0" / "factors.csv"
    factors.write_text(factors.read_text(encoding="utf-8").replace("370000000", "370000001"), encoding="utf-8")
    with pytest.raises(Refused, match="is not what was published"):
        book.account()
    assert len(book.entries()) == 4
