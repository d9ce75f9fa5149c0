"""Supply told again: downwards it cuts what is not final, by floor(match x supply / matched); upwards nobody is matched more.

In a final vintage the match stands, and the supply has a deficit. Batteries count what charged them on the local day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chargeledger import rooms
from chargeledger.errors import Refused
from chargeledger.lake import Lake
from chargeledger.verify import verify
from tests.ledger import altered, green_book
from tests.ledger.green_book import CLOSE, HOUR, MATCHED, NOON, OP, Charge, GreenBook, Supply, worth
from tests.ledger.told import owner
from tests.oracle import green

LATER = CLOSE + HOUR
FINAL = datetime(2026, 4, 10, 16, tzinfo=UTC)  # 30 days after the vintage of 10 March
ROOF = Supply("ROOF", 10_000, kind="pv", scope="station", scope_id="A")
C = Supply("C", 21_000)
# the roof is ONE's; 7 001 and 13 999 are matched by the contract, all of it
ONE, TWO = Charge(1, (17_001,), place="A"), Charge(2, (13_999,), account="bob", place="B")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreenBook:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    return GreenBook(tmp_path / "book")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GreenBook:
    folder = tmp_path_factory.mktemp("restated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rooms, "METHODOLOGY", green_book.adopt(folder))
        book = GreenBook(folder / "book")
        book.supply(ROOF, C, Supply("IDLE", 700, NOON + 9 * HOUR))
        book.charges(ONE, TWO)
        book.charges(Charge(3, (5_000,), start=NOON + 2 * HOUR, account="carol", place="E"), at=NOON + 4 * HOUR)
        book.settle(CLOSE)
    return book


@pytest.fixture
def book(made: GreenBook, empty: GreenBook) -> GreenBook:
    return GreenBook(made.copy(empty.folder.parent / "copy").folder)


def test_a_contract_told_downwards_is_cut_in_proportion_by_the_new_file_alone(book: GreenBook) -> None:
    for there in (20_999, 10_000, 2, 0, 21_000):  # and at last as before
        book.supply(replace(C, wh=there), at=LATER)
        assert book.settle(LATER)["touched"] == 2  # the third waits for its own close
        one, two = 7_001 * there // 21_000, 13_999 * there // 21_000
        assert book.reductions()[ONE.session_id] == worth(17_001, 10_000 + one)
        assert book.reductions()[TWO.session_id] == worth(13_999, two)


def test_a_roof_told_downwards_is_cut_though_nothing_of_it_waits(empty: GreenBook) -> None:
    empty.supply(ROOF)
    empty.charges(ONE, TWO)
    empty.settle(CLOSE)
    assert empty.session(ONE.session_id)["provisional_until"] is None
    empty.supply(replace(ROOF, wh=4_001), at=LATER)
    assert empty.settle(LATER)["touched"] == 1
    assert empty.reductions() == {ONE.session_id: worth(17_001, 4_001), TWO.session_id: worth(13_999, 0)}


def test_supply_told_upwards_gives_nobody_more(book: GreenBook) -> None:
    before, matched = book.reductions(), book.matched()
    book.supply(replace(C, wh=100_000), replace(ROOF, wh=10_001), Supply("NEW", 50_000), at=CLOSE)
    done = book.settle(CLOSE)
    assert (done["posted_entries"], book.reductions(), book.matched()) == (0, before, matched)


def test_what_is_final_stands_and_the_supply_has_a_deficit(empty: GreenBook) -> None:
    empty.supply(ROOF, Supply("REST", 1, NOON + HOUR))
    empty.charges(ONE)
    empty.settle(FINAL)
    assert set(empty.vintages().values()) == {"final"}
    empty.publish(at=FINAL.isoformat())
    assert balance(empty) == [balanced(ROOF, 10_000, 0, 0)]
    before = empty.reductions()
    empty.supply(replace(ROOF, wh=6_000), at=FINAL)
    same = owner(operator=OP, order_number=f"{1:018d}", account="alice", known_since="2026-01-01T00:00:00Z")
    empty.send("session_owner_csv", same, at=FINAL.isoformat())  # it is accounted again
    empty.charges(Charge(9, (5_000,), start=NOON + 3 * HOUR, account="zoe", place="Z"), at=FINAL)
    done = empty.settle(FINAL)
    assert (done["touched"], done["held"]) == (2, [])
    assert before.items() <= empty.reductions().items()
    empty.publish(at=FINAL.isoformat())
    assert balance(empty) == [balanced(replace(ROOF, wh=6_000), 10_000, 0, 4_000)]
    (match,) = empty.published("energy_match")
    told = ("session_id", "hour_start", "supply_id", "supply_kind", "contract_id", "matched_wh", "factor_ug_per_kwh")
    assert tuple(match[name] for name in told) == (ONE.session_id, NOON, "ROOF", "pv", None, 10_000, 0)
    assert list(verify(Lake(empty.lake)))


def test_what_was_cut_before_its_vintage_became_final_stays_cut(empty: GreenBook) -> None:
    empty.supply(ROOF)
    empty.charges(ONE)
    empty.settle(CLOSE)
    empty.supply(replace(ROOF, wh=6_000), at=LATER)
    empty.settle(FINAL)
    assert set(empty.vintages().values()) == {"final"}
    empty.supply(replace(ROOF, wh=8_000), at=FINAL)
    same = owner(operator=OP, order_number=f"{1:018d}", account="alice", known_since="2026-01-01T00:00:00Z")
    empty.send("session_owner_csv", same, at=FINAL.isoformat())
    done = empty.settle(FINAL)
    assert (done["touched"], done["held"], done["posted_entries"]) == (1, [], 0)
    assert empty.reductions() == {ONE.session_id: worth(17_001, 6_000)}


def balanced(supply: Supply, matched: int, left: int, deficit: int) -> dict[str, Any]:
    found = {"supply_id": supply.name, "hour_start": supply.hour, "available_wh": supply.wh, "matched_wh": matched}
    found |= {"counted_wh": matched, "left_wh": left, "deficit_wh": deficit}
    return found | {"supply_kind": "pv", "region": supply.region}


def balance(book: GreenBook) -> list[dict[str, Any]]:
    """Balances of supplies that something is matched with."""
    return [row for row in book.published("supply_balance") if row["matched_wh"]]


def test_the_balance_tells_what_is_left_and_what_no_longer_counts_is_no_deficit(book: GreenBook) -> None:
    book.supply(replace(C, wh=5_000), at=LATER)
    book.settle(LATER)
    book.publish(at=LATER.isoformat())
    found = book.published("supply_balance")
    assert [(row["supply_id"], row["available_wh"], row["matched_wh"]) for row in found] == [
        ("C", 5_000, 7_001 * 5_000 // 21_000 + 13_999 * 5_000 // 21_000),
        ("IDLE", 700, 0),
        ("ROOF", 10_000, 10_000),
    ]
    assert [(row["left_wh"], row["deficit_wh"]) for row in found] == [(1, 0), (700, 0), (0, 0)]
    assert all(row["counted_wh"] == row["matched_wh"] for row in found)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("GREATEST(available_wh - matched_wh, CAST(0 AS BIGINT)) AS left_wh", "CAST(0 AS BIGINT) AS left_wh"),
        ("GREATEST(matched_wh - available_wh, CAST(0 AS BIGINT))", "matched_wh - available_wh + left_wh + 1"),
        ("WHERE t.place = 1", "WHERE t.place = 1 AND t.supply_id <> 'C'"),
        ("wide(m.matched_wh)\n ", "wide(m.matched_wh) + 1\n "),
        ("coalesce(SUM(counted_wh), 0)", "coalesce(SUM(counted_wh), 0) + 1"),
    ],
)
def test_a_balance_that_does_not_close_is_not_published(
    book: GreenBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, wrong: str
) -> None:
    altered.publish_sql(monkeypatch, tmp_path / "wrong", "supply_balance", line, wrong)
    with pytest.raises(Refused, match=r"supply_balance|counted_within_supply"):
        book.publish(at=LATER.isoformat())


MIDNIGHT = datetime(2026, 3, 10, 16, tzinfo=UTC)  # 00:00 of the 11th in Shanghai


def test_a_battery_counts_what_charged_it_on_the_local_day_and_gives_nothing_on_a_day_without(empty: GreenBook) -> None:
    box = Supply("BOX", 3_000, kind="battery", scope="station", scope_id="A")
    before, after = MIDNIGHT - HOUR, MIDNIGHT
    supply = [
        replace(box, hour=before),
        replace(box, hour=after),
        replace(box, hour=MIDNIGHT - 24 * HOUR, wh=0, charged_wh=5_000, from_pv_wh=1_000),  # 00:00 of the 10th
        replace(box, hour=MIDNIGHT - 25 * HOUR, wh=0, charged_wh=9_000),  # 23:00 of the 9th
        replace(box, hour=MIDNIGHT - 6 * HOUR, wh=0, charged_wh=2_500, from_pv_wh=2_500),
    ]
    charges = [Charge(1, (4_000, 4_000), before, place="A")]
    at = after + timedelta(hours=73)
    empty.supply(*supply, at=at)
    empty.charges(*charges, at=at)
    empty.settle(at)
    key = charges[0].session_id
    assert empty.matched() == {(key, before, "BOX"): 3_000}
    factor = -(-(4_000 * 609_600_000 * 1000) // (7_500 * 900))
    (row,) = empty.rows_of("energy_match")
    assert row["factor_ug_per_kwh"] == factor
    due = green.assess(green_book.given(charges, supply, at))
    assert empty.reductions() == {key: due[key].amounts.emission_reductions_ng}
    assert empty.reductions()[key] == 8_000 * MATCHED - 5_000 * 609_600_000 - 3_000 * factor


def test_an_operators_contract_reaches_its_stations_alone_and_the_programmes_reaches_all(empty: GreenBook) -> None:
    """Nobody's session, a late claim and one of 400 Wh compete as all do."""
    mine, theirs = (
        Charge(1, (10_000,), place="A", account=""),
        Charge(2, (10_000,), place="A", operator=green_book.OTHER),
    )
    small = Charge(3, (400,), place="B", account="bob")
    own = Supply("OWN", 5_200, scope="operator", scope_id=OP, contract="K2")
    every, far = Supply("EVERY", 7_600), Supply("FAR", 9_999_000, region="CN-GRID-NORTH")
    at = NOON + timedelta(days=40)  # too late for an award
    empty.supply(own, every, far, at=at)
    empty.charges(mine, theirs, small, at=at)
    empty.settle(at)
    assert empty.matched() == green.matches(green_book.given((mine, theirs, small), (own, every, far), at))
    # 5 200 of 10 400 are a half; 5 000, 10 000 and 200 are left to share 7 600: a half again
    assert empty.matched() == {
        (mine.session_id, NOON, "OWN"): 5_000,
        (small.session_id, NOON, "OWN"): 200,
        (mine.session_id, NOON, "EVERY"): 2_500,
        (theirs.session_id, NOON, "EVERY"): 5_000,
        (small.session_id, NOON, "EVERY"): 100,
    }
    states = empty.states("session_state", "session_id")
    assert [states[each.session_id]["state"] for each in (mine, theirs, small)] == [
        "awaiting owner",
        *["not awarded"] * 2,
    ]
