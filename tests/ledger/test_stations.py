"""A session whose station alone knows where it is waits for the station, and follows what the station is told to be.

Paper: an AC charge of R Wh in China in 2026 is worth R x 382 031 200 ng: 10 kWh are 3 820 points. A DC charge metered at
dc_output draws R / 0.923: 10 kWh are 10 000 x 912 631 200 - ceil(10 000 x 530 600 000 x 1000 / 923)
= 9 126 312 000 000 - 5 748 645 720 478 ng, 3 377 points.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.book import CN, Book, told, user
from tests.ledger.told import charged, station, unplaced

DC = {"power_type": "DC", "metering_point": "dc_output", "rated_kw": "120"}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


def states(book: Book) -> dict[str, str]:
    book.account()
    return {name: row["state"] for name, row in book.states("session_state", "session_id").items()}


def test_a_session_waits_for_its_station_and_is_taken_up_when_it_arrives(book: Book) -> None:
    book.send("session_csv", unplaced("1"), charged("2", station_id="ELSEWHERE"))
    assert states(book) == {"OP:1": "awaiting station", "OP:2": "awarded"}
    assert [entry["session_id"] for entry in book.entries()] == ["OP:2"]
    book.send("station_csv", station())
    assert states(book)["OP:1"] == "awarded"
    assert told(book.entries()[1], "programme", "session_id", "user_id", "points", "reason") == (
        *(CN, "OP:1", user("alice"), 3820),
        "first assessment",
    )
    assert book.session("OP:1")["region"] == "CN-GRID-EAST"


@pytest.mark.parametrize(
    "other",
    [{"station_id": "ST2"}, {"operator": "OTHER"}, {"valid_from": "2026-03-09T10:00:01+08:00"}, {"connector_id": "2"}],
    ids=["another station", "another operator", "a second too late", "another connector"],
)
def test_another_station_does_not_do(book: Book, other: dict[str, str]) -> None:
    book.send("session_csv", unplaced("1", connector_id="1"))
    book.send("station_csv", station(**other))
    assert states(book) == {"OP:1": "awaiting station"}


def test_a_station_of_the_second_in_which_charging_starts_does(book: Book) -> None:
    book.send("session_csv", unplaced("1"))
    book.send("station_csv", station(valid_from="2026-03-09T10:00:00+08:00"))
    assert states(book) == {"OP:1": "awarded"}


def test_ids_of_stations_compare_without_case(book: Book) -> None:
    book.send("session_csv", unplaced("1", station_id="st", connector_id="a"))
    book.send("station_csv", station(station_id="St", connector_id="A"))
    assert states(book) == {"OP:1": "awarded"}


def test_the_connector_stands_before_the_whole_station_and_the_later_day_before_the_earlier(book: Book) -> None:
    book.send("session_csv", unplaced("1", connector_id="1"), unplaced("2", connector_id="2"))
    book.send(
        "station_csv",
        station(valid_from="2026-03-01T00:00:00+08:00"),
        station(connector_id="1", **DC),
        station(connector_id="1", valid_from="2026-02-01T00:00:00+08:00", **DC | {"metering_point": "unknown"}),
    )
    states(book)
    points = {entry["session_id"]: entry["points"] for entry in book.entries()}
    # OP:1 is DC with an unknown meter: ED = 9 230 Wh, 9 230 x 912 631 200 - 10 000 x 530 600 000 = 3 117 585 976 000 ng.
    assert points == {"OP:1": 3117, "OP:2": 3820}


@pytest.mark.parametrize("first", ["station", "session"])
def test_what_a_session_says_itself_stands_before_its_station(book: Book, first: str) -> None:
    rows = {"station": ("station_csv", station(region="CN-GRID-SW", **DC)), "session": ("session_csv", charged("1"))}
    for name in (first, *(name for name in rows if name != first)):
        book.send(*rows[name])
    states(book)
    assert (book.entries()[0]["points"], book.session("OP:1")["region"]) == (3820, "CN-GRID-EAST")


def test_a_station_that_is_corrected_posts_the_difference_and_says_why(book: Book) -> None:
    book.send("session_csv", unplaced("1"))
    book.send("station_csv", station())
    states(book)
    book.send("station_csv", station(**DC))
    states(book)
    assert told(book.entries()[1], "kind", "reason", "points") == ("adjustment", "changed station", 3377 - 3820)
    book.send("station_csv", station(region="US-CAL-CISO", **DC))
    assert states(book)["OP:1"] == "awaiting grid"
    assert told(book.entries()[2], "kind", "points", "points_after") == ("reversal", -3377, 0)


def test_a_station_that_is_told_again_the_same_changes_nothing(book: Book) -> None:
    book.send("session_csv", unplaced("1"))
    book.send("station_csv", station())
    states(book)
    book.send("station_csv", station(), station(station_id="OTHER"))
    assert book.account()["posted_entries"] == 0
    assert len(book.commits()) == 1


def test_a_station_that_changes_under_a_final_award_is_held(book: Book) -> None:
    book.send("session_csv", unplaced("1"))
    book.send("station_csv", station())
    book.account(at="2026-04-20T00:00:00Z")
    book.send("station_csv", station(**DC), at="2026-04-21T00:00:00Z")
    assert book.account(at="2026-04-21T00:00:00Z")["held"] == ["OP:1"]
    assert len(book.entries()) == 1
