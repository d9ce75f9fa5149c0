"""What a charge waits for, in words that name the hour, the station or the statement that would end it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from chargeledger import asking, flow, rooms
from chargeledger.trace_print import print_lineage, print_list
from tests.command_line_lake import chargeledger
from tests.ledger import green_book
from tests.ledger.book import Book, charge_us, user
from tests.ledger.green_book import CLOSE, NOON, Charge, GreenBook, Supply
from tests.ledger.told import charged, owner, station, unplaced
from tests.staging.other_definition import NORTH_UNKNOWN, other_definition

Row = dict[str, Any]


def one(book: Book, order: str) -> Row:
    (told,) = asking.trace(book.lake, order)
    return told


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A session for every state that waits or is over."""
    book = Book(tmp_path_factory.mktemp("waiting") / "book")
    book.send("station_csv", *(station(connector_id="1"), station(connector_id="1", issuer="AGG")))
    book.sessions(charge_us("grid", "10"))
    book.send(
        "session_csv",
        unplaced("station", station_id="ST9"),
        charged("owner", account="", token="CARD-1"),
        charged("nobody", account=""),
        charged("original", is_credit="true"),
        charged("gone"),
        charged("held", connector_id="1"),
        charged("outside", region="NO"),
        charged("small", "0.4"),
    )
    book.send("session_csv", charged("gone", is_credit="true"), charged("again", operator="AGG", connector_id="1"))
    book.send("session_owner_csv", owner(order_number="never"))
    book.account()
    return book


WAITS = [
    (
        "grid",
        "awaiting grid",
        "no generation mix of US-CAL-CISO is known for the hour 2026-03-10T17:00:00Z",
        "then 'ch",
    ),
    ("station", "awaiting station", "only station ST9 of OP could tell", "holds at that instant (station_csv"),
    ("owner", "awaiting owner", "assessed; nobody has told whose it is", "by its order or by its token"),
    ("nobody", "awaiting owner", "assessed; nobody has told whose it is", "by its order, then"),
    ("original", "awaiting original", "a credit came for it", "it is withdrawn at once"),
    ("gone", "withdrawn", "cancelled it by a credit", "nothing is due"),
    ("again", "duplicate", "told by another party as OP:HELD", "see 'chargeledger trace OP:HELD'"),
    ("held", "provisional", "awarded; vintage 2026-03-09 may still move", "after 2026-04-08T16:00:00Z"),
    ("outside", "outside", "no programme for the region", "takes its region (NO)"),
    (
        "small",
        "not awarded",
        "by rule 'energy' of programme cn_green_energy",
        "methodology/programmes/cn_green_energy.yaml",
    ),
    ("never", "not received", "the session itself has not come", "'chargeledger completeness'"),
]


@pytest.mark.parametrize(("order", "state", "means", "resolves"), WAITS, ids=[case[0] for case in WAITS])
def test_a_state_says_what_it_means_and_what_would_end_it(
    waiting: Book, order: str, state: str, means: str, resolves: str
) -> None:
    stands = one(waiting, order)["standing"]
    assert stands["state"] == state
    assert means in stands["means"] and resolves in stands["resolves"]
    assert "{" not in stands["means"] + stands["resolves"]


def test_a_credit_is_told_as_what_withdraws(waiting: Book) -> None:
    told = one(waiting, "gone")
    assert told["counts_because"] == "the only telling accepted, and a credit withdraws it"
    assert [row["is_credit"] for row in told["revisions"]] == [False, True]


def test_who_is_told_as_owner_and_in_which_file(waiting: Book) -> None:
    (statement,) = one(waiting, "never")["owner_told"]
    assert (statement["file_name"], statement["row_number"], statement["user_id"]) == (
        *("004_session_owner_csv.csv", 1),
        user("bob"),
    )


def test_a_revision_time_decides_and_then_the_landing(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    early, late = "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"
    book.send("session_csv", charged("1", "11", revised_at=late), charged("2", "10", revised_at=early))
    book.send("session_csv", charged("1", "10", revised_at=early), charged("2", "12", revised_at=early))
    book.account()
    assert one(book, "1")["counts_because"] == f"its revision time {late} is the latest"
    assert [row["reading_wh"] for row in one(book, "1")["revisions"]] == [11_000, 10_000]
    assert one(book, "2")["counts_because"] == "of the same revision time: it landed last"
    for order, energy_wh in (("1", 11_000), ("2", 12_000)):
        assert one(book, order)["assessment"]["energy_wh"] == energy_wh, "what counts is what was assessed"


def test_a_row_released_from_quarantine_tells_both_its_fates(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    with other_definition(tmp_path, NORTH_UNKNOWN):
        book.send("session_csv", *(charged(str(n)) for n in range(9)), charged("9", region="CN-GRID-NORTH"))
        book.account()
        assert one(book, "9")["standing"]["state"] == "quarantined"
    flow.release(book.lake, rule=one(book, "9")["standing"]["reason"])
    told = one(book, "9")
    assert [(row["batch_seq"], row["row_number"], row["outcome"], row["is_last_fate"]) for row in told["received"]] == [
        (1, 10, "quarantined", False),
        (2, 10, "accepted", True),
    ]
    assert len({row["landing_digest"] for row in told["received"]}) == 1, "one file, as it landed"
    assert (told["standing"]["newer"], told["revisions"][0]["row_number"]) == (["the session", "its owner"], 10)
    book.account()
    assert one(book, "9")["points"] == 3820


def test_green_power_is_told_hour_by_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "METHODOLOGY", green_book.adopt(tmp_path))
    book, mine = GreenBook(tmp_path / "book"), Charge(1, (10_000,), place="A")
    book.supply(Supply("ROOF", 1_000, kind="pv", scope="station", scope_id="A"), Supply("C", 2_000))
    book.charges(mine)
    book.settle(CLOSE)
    told = one(book, mine.session_id)
    matched = {(match["hour_start"], match["supply_id"]): match["matched_wh"] for match in told["matches"]}
    assert matched == {(NOON, "ROOF"): 1_000, (NOON, "C"): 2_000}
    assert [hour["hour_start"] for hour in told["hours"]] == [NOON]
    assert "and once an hour that is estimated, bridged or open is settled, by 20" in told["standing"]["resolves"]
    assert "2,000 Wh contract C, 1,000 Wh pv ROOF" in printed([told])


def printed(rows: list[Row]) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    (print_lineage(rows[0], console) if len(rows) == 1 else print_list(rows, console))
    return console.export_text()


def test_the_page_begins_with_the_answer(waiting: Book) -> None:
    lines = printed([one(waiting, "station")]).splitlines()
    assert lines[0] == "OP:STATION"
    assert lines[1].startswith("awaiting station (not published yet): only station ST9")
    assert lines[2].startswith("What would change it: ") and lines[3] == "0 points in the ledger."
    page = printed([one(waiting, "held")])
    assert "3,820 points in the ledger; +3,820 of them wait for 'chargeledger publish'." in page
    assert "530,600,000  national average of 2023" in page
    assert f"it is of user {user('alice')}" in page and "not yet" in page


def test_the_command_prints_a_list_a_page_and_json(waiting: Book) -> None:
    page = chargeledger("trace", "held", "--lake", waiting.lake)
    assert page.code == 0 and page.out.startswith("OP:HELD\nprovisional (not published yet): awarded;")
    assert "ng of estimated CO2 avoided.\nProvisional: The baseline is provisional: " in page.out
    machine = chargeledger("trace", "held", "--json", "--lake", waiting.lake)
    (told,) = json.loads(machine.out)
    assert told["assessment"]["emission_reductions_ng"] == "3820312000000", "exact, as text"
    assert (told["points"], told["entries"][0]["seq"], told["hours"][0]["hour_start"]) == (
        *(3820, 1),
        "2026-03-09T02:00:00Z",
    )
    wrong = chargeledger("trace", "--user", user("alice"), "held", "--lake", waiting.lake)
    assert wrong.code == 2 and "one of them" in wrong.err


def test_a_list_names_each_and_how_to_go_on(waiting: Book) -> None:
    rows = asking.trace(waiting.lake, account="alice", day="2026-03-09")
    lines = printed(rows).splitlines()
    assert len(rows) == len(lines) - 3 and lines[-1].startswith(f"{len(rows)} sessions; 'chargeledger trace SESSION'")
