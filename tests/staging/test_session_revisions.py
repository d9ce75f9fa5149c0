"""One order told again: which row is a duplicate, which is a new revision, and which revision counts."""

from __future__ import annotations

import pytest

from chargeledger import flow
from chargeledger.pseudonym import pseudonym
from tests.staging.canonical_files import AT, Row, session_row
from tests.staging.conftest import Receive
from tests.staging.lake_contents import published, rows_of

KEY = "INVENTED-A:S1"
KEY_OF_TESTS = bytes.fromhex("5a" * 32)
EARLY, LATE, LATEST = (f"2026-03-10T{hour}:00:00+08:00" for hour in (11, 12, 13))


def _told(kwh: int, revised_at: str = "", **other: str) -> Row:
    return session_row("S1", energy_kwh=str(kwh), revised_at=revised_at, **other)


def _counts(lake: str) -> int | None:
    """Wh of the revision that counts, None where no revision does."""
    flow.account(lake, at=AT)
    flow.publish(lake, AT)
    told = published(lake, f"SELECT energy_wh FROM session_assessment WHERE session_id = '{KEY}'")
    return int(told[0][0]) if told else None


# --- without revision times: what landed last counts ---


def test_the_same_row_again_is_a_duplicate(receive: Receive, lake: str) -> None:
    other = session_row("S2")
    assert receive([_told(10), _told(10)], [_told(10), other]) == ["accepted", "duplicate", "duplicate"]
    assert len(rows_of(lake, "charging_session")) == 2
    assert _counts(lake) == 10_000


def test_the_same_file_again_is_nothing(receive: Receive, lake: str) -> None:
    assert receive([_told(10)], [_told(10)]) == ["accepted"]
    assert len(rows_of(lake, "landing_file")) == 1


def test_a_changed_row_in_a_later_file_is_a_new_revision(receive: Receive, lake: str) -> None:
    assert receive([_told(10)], [_told(11)]) == ["accepted", "accepted"]
    assert _counts(lake) == 11_000


def test_a_row_equal_to_any_earlier_revision_is_a_duplicate(receive: Receive, lake: str) -> None:
    late = session_row("S2")  # makes the third file another file
    assert receive([_told(10)], [_told(11)], [_told(10), late]) == ["accepted", "accepted", "duplicate"]
    assert _counts(lake) == 11_000


@pytest.mark.parametrize(
    "change",
    [
        {"account": "another"},
        {"region": "CN-GRID-NORTH"},
        {"started_at": "2026-03-10T09:00:01+08:00"},
        {"rated_kw": "61"},
        {"station_id": "another"},
        {"metering_point": "unknown"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_the_row_says_makes_a_revision(change: dict[str, str], receive: Receive) -> None:
    assert receive([_told(10)], [_told(10, **change)]) == ["accepted", "accepted"]


@pytest.mark.parametrize(
    "same",
    [
        {"started_at": "2026-03-10T01:00:00Z"},
        {"ended_at": " 2026-03-10 10:00:00.5+08"},
        {"operator": "Invented-a"},
        {"order_number": " s1"},
        {"rated_kw": "60.0"},
    ],
    ids=lambda same: next(iter(same)),
)
def test_another_spelling_is_not_another_revision(same: dict[str, str], receive: Receive) -> None:
    assert receive([_told(10)], [_told(10) | same, session_row("S2")]) == ["accepted", "duplicate"]


def test_the_same_key_twice_in_a_file_without_a_time_to_order_them(receive: Receive, lake: str) -> None:
    rule = "same_key_other_content"
    sound = [session_row(f"T{n}") for n in range(40)]
    assert receive([_told(10), *sound[:20], _told(11), _told(10), *sound[20:]]) == [rule, rule, rule]
    assert _counts(lake) is None
    assert published(lake, f"SELECT state FROM session_status WHERE session_id = '{KEY}'") == [("quarantined",)]


def test_a_clash_leaves_the_revision_before_it_standing(receive: Receive, lake: str) -> None:
    rule = "same_key_other_content"
    sound = [session_row(f"T{n}") for n in range(40)]
    assert receive([_told(10)], [_told(11), _told(12), *sound]) == ["accepted", rule, rule]
    assert _counts(lake) == 10_000


def test_a_broken_row_does_not_clash_with_a_sound_one(receive: Receive, lake: str) -> None:
    sound = [session_row(f"T{n}") for n in range(20)]
    assert receive([_told(-10), _told(10), *sound]) == ["energy_not_negative", "accepted"]
    assert _counts(lake) == 10_000


# --- with revision times: the latest time counts, whenever it came ---


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)], ids=str)
def test_the_latest_revision_counts_in_whatever_order_they_come(
    order: tuple[int, ...], receive: Receive, lake: str
) -> None:
    told = [_told(10, EARLY), _told(11, LATE), _told(12, LATEST)]
    newest = -1
    expected = []
    for place in order:
        expected.append("accepted" if place > newest else "superseded")
        newest = max(newest, place)
    assert receive(*([told[place]] for place in order)) == expected
    assert _counts(lake) == 12_000


def test_revisions_in_one_file_are_ordered_by_time_not_by_place(receive: Receive, lake: str) -> None:
    assert receive([_told(12, LATEST), _told(10, EARLY), _told(11, LATE)]) == ["accepted", "superseded", "superseded"]
    assert _counts(lake) == 12_000


def test_a_row_without_a_time_is_older_than_any_with_one(receive: Receive, lake: str) -> None:
    assert receive([_told(10, EARLY)], [_told(11)]) == ["accepted", "superseded"]
    assert _counts(lake) == 10_000


def test_of_equal_times_in_two_files_the_last_landed_counts(receive: Receive, lake: str) -> None:
    assert receive([_told(10, EARLY)], [_told(11, EARLY)]) == ["accepted", "accepted"]
    assert _counts(lake) == 11_000


def test_equal_times_in_one_file_order_nothing(receive: Receive, lake: str) -> None:
    rule = "same_key_other_content"
    sound = [session_row(f"T{n}") for n in range(30)]
    fate = receive([_told(10, EARLY), _told(11, LATE), _told(12, LATE), *sound])
    assert fate == ["accepted", rule, rule]
    assert _counts(lake) == 10_000


def test_a_superseded_revision_does_not_move_the_owner(receive: Receive, lake: str) -> None:
    receive([_told(10, LATE, account="later")], [_told(10, EARLY, account="earlier")])
    assert _counts(lake) == 10_000
    assert [row["user_id"] for row in rows_of(lake, "ledger_entry")] == [pseudonym(KEY_OF_TESTS, "account", "later")]
