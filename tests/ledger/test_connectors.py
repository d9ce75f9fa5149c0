"""A charge that two parties tell counts once, and no two charges on one connector count for the same time.

Paper: 10 kWh AC in China in 2026 are 3 820 points.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from chargeledger.errors import Refused
from tests.ledger import altered
from tests.ledger.book import Book
from tests.ledger.told import charged, station

LATER = "2026-04-20T00:00:00Z"  # the vintage of 9 March is final
# An aggregator tells the charges of operator OP under an issuer of its own.
STATIONS = (station(connector_id="1"), station(connector_id="1", issuer="AGG"))
OWN = charged("1", connector_id="1")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    found = Book(tmp_path / "book")
    found.send("station_csv", *STATIONS)
    return found


def again(order: str = "9", kwh: str = "10", **told: str) -> dict[str, str]:
    """What the aggregator tells of the same charge."""
    return charged(order, kwh, operator="AGG", connector_id="1", **told)


def states(book: Book, at: str = "2026-03-12T00:00:00Z") -> dict[str, str]:
    book.account(at=at)
    return {name: row["state"] for name, row in book.states("session_state", "session_id").items()}


@pytest.mark.parametrize("order", list(permutations((OWN, again()))), ids=["own first", "aggregator first"])
def test_the_operators_own_record_holds_the_claim_whatever_landed_first(
    book: Book, order: list[dict[str, str]]
) -> None:
    for row in order:
        book.send("session_csv", row)
        found = states(book)
    assert found == {"OP:1": "awarded", "AGG:9": "duplicate"}
    assert book.session("AGG:9")["reason"] == "told by another party as OP:1"
    assert sum(entry["points"] for entry in book.entries()) == 3820


def test_what_the_aggregator_had_been_awarded_is_reversed_with_its_reason(book: Book) -> None:
    book.send("session_csv", again())
    states(book)
    book.send("session_csv", OWN)
    states(book)
    said = {(entry["session_id"], entry["kind"]): entry["reason"] for entry in book.entries()}
    assert said == {
        ("AGG:9", "issuance"): "first assessment",
        ("AGG:9", "reversal"): "duplicate claim",
        ("OP:1", "issuance"): "first assessment",
    }


END = "2026-03-09T12:00:00+08:00"


@pytest.mark.parametrize(
    ("told", "duplicate"),
    [
        ({"started_at": "2026-03-09T10:02:00+08:00"}, True),
        ({"started_at": "2026-03-09T09:58:00+08:00"}, True),
        ({"started_at": "2026-03-09T10:02:01+08:00"}, False),
        ({"started_at": "2026-03-09T09:57:59+08:00"}, False),
        ({"energy_kwh": "10.1"}, True),
        ({"energy_kwh": "9.9"}, True),
        ({"energy_kwh": "10.101"}, False),
        ({"energy_kwh": "9.899"}, False),
        ({"connector_id": "2"}, False),
    ],
)
def test_one_claim_is_the_same_connector_nearly_the_same_start_and_energy(
    book: Book, told: dict[str, str], duplicate: bool
) -> None:
    book.send("session_csv", OWN)
    book.send("session_csv", again() | told)
    assert (states(book)["AGG:9"] == "duplicate") is duplicate


def test_a_rival_that_moves_away_frees_the_other(book: Book) -> None:
    book.send("session_csv", OWN)
    book.send("session_csv", again())
    assert states(book)["AGG:9"] == "duplicate"
    book.send("session_csv", OWN | {"energy_kwh": "12", "ended_at": "2026-03-08T12:00:00+08:00"}
              | {"started_at": "2026-03-08T10:00:00+08:00"})  # fmt: skip
    assert states(book) == {"OP:1": "awarded", "AGG:9": "awarded"}


def test_a_credited_holder_frees_the_other(book: Book) -> None:
    book.send("session_csv", OWN)
    book.send("session_csv", again())
    states(book)
    book.send("session_csv", OWN | {"is_credit": "true"})
    assert states(book) == {"OP:1": "withdrawn", "AGG:9": "awarded"}


def test_what_a_claim_or_an_overlap_took_comes_back_with_its_reason(book: Book) -> None:
    for rows in ([again()], [OWN], [OWN | {"is_credit": "true"}], [LAPPING], [LAPPING | {"connector_id": "2"}]):
        book.send("session_csv", *rows)
        states(book)
    said = [(entry["kind"], entry["reason"]) for entry in book.entries() if entry["session_id"] == "AGG:9"]
    assert said == [
        ("issuance", "first assessment"),
        ("reversal", "duplicate claim"),
        ("issuance", "ended claim"),
        ("reversal", "connector overlap"),
        ("issuance", "ended overlap"),
    ]


def test_a_final_award_holds_its_claim_against_the_operator(book: Book) -> None:
    book.send("session_csv", again())
    states(book, LATER)
    book.send("session_csv", OWN, at=LATER)
    assert states(book, LATER) == {"AGG:9": "awarded", "OP:1": "duplicate"}
    assert len(book.entries()) == 1


def test_only_a_holder_is_compared(book: Book) -> None:
    """10.1 is within 1 % of 10 and 10.2 within 1 % of 10.1; but 10.1 is a duplicate and holds nothing."""
    book.send("station_csv", station(connector_id="1", issuer="BGG"))
    book.send("session_csv", OWN)
    book.send("session_csv", again("8", "10.1"))
    book.send("session_csv", charged("7", "10.2", operator="BGG", connector_id="1"))
    found = states(book)
    assert (found["AGG:8"], found["BGG:7"]) == ("duplicate", "quarantined")  # it overlaps the holder in time
    assert book.session("BGG:7")["reason"] == "connector_overlap"


def test_among_aggregators_the_smaller_key_holds(book: Book) -> None:
    book.send("station_csv", station(connector_id="1", issuer="BGG"))
    book.send("session_csv", charged("1", operator="BGG", connector_id="1"))
    book.send("session_csv", again())
    assert states(book) == {"AGG:9": "awarded", "BGG:1": "duplicate"}


LAPPING = charged(
    "2", "5", connector_id="1", started_at="2026-03-09T11:59:59+08:00", ended_at="2026-03-09T13:00:00+08:00"
)
AFTER = charged("2", "5", connector_id="1", started_at=END, ended_at="2026-03-09T13:00:00+08:00")


def test_sessions_that_overlap_on_one_connector_are_both_set_aside(book: Book) -> None:
    book.send("session_csv", OWN)
    assert states(book) == {"OP:1": "awarded"}
    book.send("session_csv", LAPPING)
    assert states(book) == {"OP:1": "quarantined", "OP:2": "quarantined"}
    assert {book.session(name)["reason"] for name in ("OP:1", "OP:2")} == {"connector_overlap"}
    assert [(entry["points"], entry["reason"]) for entry in book.entries()] == [
        (3820, "first assessment"),
        (-3820, "connector overlap"),
    ]


@pytest.mark.parametrize(
    "other",
    [AFTER, LAPPING | {"connector_id": "2"}, LAPPING | {"connector_id": ""}, LAPPING | {"station_id": "ST2"}],
    ids=["one ends as the other starts", "another connector", "no connector told", "another station"],
)
def test_other_times_and_places_do_not_overlap(book: Book, other: dict[str, str]) -> None:
    book.send("session_csv", OWN, other)
    assert set(states(book).values()) == {"awarded"}


def test_a_long_session_overlaps_more_than_its_neighbour(book: Book) -> None:
    long = charged("0", connector_id="1", started_at="2026-03-09T01:00:00+08:00", ended_at="2026-03-09T13:00:00+08:00")
    short = charged(
        "5", "5", connector_id="1", started_at="2026-03-09T02:00:00+08:00", ended_at="2026-03-09T03:00:00+08:00"
    )
    free = charged(
        "6", "5", connector_id="1", started_at="2026-03-09T13:00:00+08:00", ended_at="2026-03-09T14:00:00+08:00"
    )
    book.send("session_csv", long, short, OWN, free)
    assert states(book) == {"OP:0": "quarantined", "OP:5": "quarantined", "OP:1": "quarantined", "OP:6": "awarded"}


def test_a_correction_that_ends_the_overlap_brings_both_back(book: Book) -> None:
    book.send("session_csv", OWN, LAPPING)
    states(book)
    book.send("session_csv", LAPPING | {"started_at": END})
    assert states(book) == {"OP:1": "awarded", "OP:2": "awarded"}
    assert sum(entry["points"] for entry in book.entries()) == 3820 + 1910  # 5 000 x 382 031 200 = 1 910 156 000 000


def test_a_final_award_stands_against_an_overlap(book: Book) -> None:
    book.send("session_csv", OWN)
    states(book, LATER)
    book.send("session_csv", LAPPING, at=LATER)
    assert states(book, LATER) == {"OP:1": "awarded", "OP:2": "quarantined"}
    assert len(book.entries()) == 1


def test_an_overlap_that_is_not_set_aside_is_refused(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "WHERE NOT has_final_award AND ("
    altered.account_sql(monkeypatch, tmp_path, "session_set_aside", line, "WHERE false AND (")
    book.send("session_csv", OWN, LAPPING)
    with pytest.raises(Refused, match="one_live_award_per_connector_time"):
        book.account()
    assert book.entries() == []


def test_a_duplicate_that_is_not_set_aside_is_refused(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "WHERE holder_id IS NOT NULL\nUNION"
    altered.account_sql(monkeypatch, tmp_path, "session_set_aside", line, "WHERE false\nUNION")
    book.send("session_csv", OWN)
    book.send("session_csv", again())
    with pytest.raises(Refused, match="one_holder_per_claim"):
        book.account()
    assert book.entries() == []


def test_a_rival_on_a_connector_that_is_not_touched_again_would_be_noticed(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "WHERE x.session_id IS NOT NULL OR p.state"
    altered.account_sql(
        monkeypatch, tmp_path, "session_touched", line, "WHERE false AND x.session_id IS NOT NULL OR false AND p.state"
    )
    book.send("session_csv", again())
    book.account()
    book.send("session_csv", OWN)
    with pytest.raises(Refused, match="one_holder_per_claim"):
        book.account()


@pytest.mark.parametrize("is_accounted_between", [True, False])
def test_what_is_held_keeps_its_place_on_the_connector_in_later_runs(book: Book, is_accounted_between: bool) -> None:
    book.send("session_csv", OWN)
    states(book, LATER)
    book.send("session_csv", charged("1", "12", connector_id="2"), at=LATER)
    if is_accounted_between:
        assert states(book, LATER) == {"OP:1": "awaiting approval"}
    book.send("session_csv", LAPPING, at=LATER)
    assert states(book, LATER) == {"OP:1": "awaiting approval", "OP:2": "quarantined"}
    assert sum(entry["points"] for entry in book.entries()) == 3820


def test_a_correction_of_a_final_award_waits_though_only_the_correction_has_a_connector(book: Book) -> None:
    book.send("session_csv", charged("1"))
    states(book, LATER)
    book.send("session_csv", charged("1", "12", connector_id="1"), at=LATER)
    assert states(book, LATER) == {"OP:1": "awaiting approval"}
    assert [entry["points"] for entry in book.entries()] == [3820]


def test_what_has_no_points_holds_no_place_whether_or_not_its_change_waits(book: Book) -> None:
    """A claim that came too late is posted without points; an overlap that comes later would take its reductions back."""
    book.send("session_csv", OWN, at=LATER)
    assert states(book, LATER) == {"OP:1": "not awarded"}
    book.send("session_csv", LAPPING, at=LATER)
    owed = {"OP:1": "awaiting approval", "OP:2": "quarantined"}
    assert states(book, LATER) == owed
    book.send("session_csv", LAPPING | {"energy_kwh": "11"}, at=LATER)
    assert states(book, LATER) == owed
    assert [entry["points"] for entry in book.entries()] == [0]


def test_what_gives_way_to_what_is_held_keeps_its_own_place_in_later_runs(book: Book) -> None:
    """OP:3 moves to where OP:1 stands, which waits to be moved: of OP:3 nothing is to be decided, and it stands as it did."""
    book.send("session_csv", OWN, charged("3", connector_id="2"), at=LATER)
    assert states(book, LATER) == {"OP:1": "not awarded", "OP:3": "not awarded"}
    book.send("session_csv", OWN | {"connector_id": "", "account": "bob"}, at=LATER)
    assert states(book, LATER)["OP:1"] == "awaiting approval"
    book.send("session_csv", charged("3", connector_id="1"), LAPPING | {"connector_id": "2"}, at=LATER)
    owed = {"OP:1": "awaiting approval", "OP:2": "quarantined", "OP:3": "not awarded"}
    assert states(book, LATER) == owed
    book.send("session_csv", charged("6", connector_id="2", ended_at="2026-03-08T12:00:00+08:00"), at=LATER)
    assert states(book, LATER) == owed | {"OP:6": "not awarded"}
