"""Every cause of a restatement has its entries, its reason and its receipt: all of them in one book, between two runs.

Paper: 10 kWh in China are 3 820 points, 12 kWh 4 584; in California 5 350.9 in an hour of gas, 7 200.9 in one of half gas
and half solar, 6 275.9 in both in turn. Certificates: test_green_retirement.py; versions: test_past_vintages.py; estimates and
deadlines: test_open_hours.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from tests.ledger import decided
from tests.ledger.book import CN, HOUR, NEXT, NOON, US, Book, charge_us, mix, told, user
from tests.ledger.told import charged, owner, station, unplaced

FIRST = "first assessment"
TWO_HOURS = {"ended_at": "2026-03-11T02:00:00+08:00"}  # 16:00 to 18:00 Z, the 10th in California
SIXTEEN = "2026-03-10T16:00:00Z"
NINTH, TENTH = "2026-03-09", "2026-03-10"
# By lineage: programme, vintage, account, kind, reason and points of what the second run posts.
OWED = {
    "OP:1": [(CN, NINTH, "alice", "adjustment", "corrected session", 764)],
    "OP:2": [(CN, NINTH, "alice", "reversal", "withdrawn session", -3820)],
    "OP:3": [
        (CN, NINTH, "alice", "reversal", "changed owner", -3820),
        (CN, NINTH, "bob", "issuance", "changed owner", 3820),
    ],
    "OP:4": [(CN, NINTH, "carol", "issuance", FIRST, 3820)],  # its owner is found
    "OP:5": [
        (CN, NINTH, "alice", "reversal", "corrected session", -3820),
        (CN, TENTH, "alice", "issuance", "corrected session", 3820),
    ],
    "OP:6": [(CN, NINTH, "dora", "issuance", FIRST, 3820)],  # late
    "OP:7": [
        (CN, "2026-03-11", "alice", "reversal", "changed programme, changed station, new methodology", -3820),
        (US, TENTH, "alice", "issuance", "changed programme, changed station, new methodology", 6275),
    ],
    "AGG:9": [(CN, NINTH, "alice", "reversal", "duplicate claim", -3820)],  # OP:8 is the operator's own record of it
    "OP:8": [(CN, NINTH, "alice", "issuance", FIRST, 3820)],
    "OP:11": [(US, TENTH, "alice", "adjustment", "restated grid data", 1850)],
    "OP:12": [(US, TENTH, "alice", "issuance", FIRST, 5350)],  # its hour is measured
}


def us(order: str, ended: str) -> dict[str, str]:
    """The Californian row of book.py, in the columns of told.py."""
    operator, number, _, account, place, region, power, point, _, started, end, kwh = charge_us(
        order, "10", ended=ended
    ).split(",")
    told_of = {"operator": operator, "account": account, "station_id": place, "region": region, "started_at": started}
    return charged(number, kwh, ended_at=end, **told_of) | {"power_type": power, "metering_point": point}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("causes") / "book")
    beside = [station(connector_id="8"), station(connector_id="8", issuer="AGG")]
    book.send("station_csv", *beside, station(station_id="S7"), at=NOON)
    book.grid(mix(HOUR, gas=100), at=NOON)
    rows = [
        charged("4", account=""),
        unplaced("7", station_id="S7", **TWO_HOURS),
        charged("9", operator="AGG", connector_id="8"),
    ]
    rows += [charged(order) for order in ("1", "2", "3", "5")]
    rows += [us("11", "2026-03-10T18:00:00Z"), us("12", "2026-03-10T19:00:00Z")]
    book.send("session_csv", *rows, at=NOON)
    book.account(at=NOON)
    moved = charged("5", ended_at="2026-03-10T00:00:00+08:00")  # midnight belongs to the new day
    told_anew = [charged("1", "12"), charged("2", is_credit="true"), charged("3", account="bob"), moved]
    book.send("session_csv", *told_anew, charged("6", account="dora"), charged("8", connector_id="8"), at=NOON)
    book.send("session_owner_csv", owner(order_number="4", account="carol"), at=NOON)
    book.send("station_csv", station(station_id="S7", region="US-CAL-CISO", county_code=""), at=NOON)
    book.grid(mix(SIXTEEN, gas=100), mix(NEXT, gas=100), mix(HOUR, gas=50, solar=50), at=NOON)
    book.account(at=NOON)
    return book


def test_every_cause_has_its_entries_and_its_reason(book: Book) -> None:
    first, second = (commit["receipt"] for commit in book.commits())
    names = {user(name): name for name in ("alice", "bob", "carol", "dora")}
    posted = defaultdict(list)
    for entry in book.entries():
        if entry["receipt_digest"] == second:
            programme, vintage, account, *rest = told(
                entry, "programme", "vintage", "user_id", "kind", "reason", "points"
            )
            posted[entry["session_id"]].append((programme, vintage, names[account], *rest))
        else:
            assert (entry["kind"], entry["reason"], entry["receipt_digest"]) == ("issuance", FIRST, first)
    assert posted == OWED
    said = json.loads((Path(book.lake) / "receipts" / f"{second}.json").read_text())["counts"]
    assert (said["entries"], said["points"]) == (14, sum(row[-1] for rows in OWED.values() for row in rows))


def test_both_receipts_are_the_same_again(book: Book) -> None:
    assert decided.all_receipts_are_the_same(book) == 2
