"""What arrives late, is corrected or moves posts exactly the missing difference, and nothing else.

Paper: an AC charge of R Wh under cn_ev_charging 1.2.0 is worth R x (912 631 200 - 530 600 000) = R x 382 031 200 ng.
  10 kWh     3 820 312 000 000 ng = 3 820 points + 312 000 000 ng
  12 kWh     4 584 374 400 000 ng = 4 584 points + 374 400 000 ng
   9 kWh     3 438 280 800 000 ng = 3 438 points + 280 800 000 ng
  10.001 kWh 3 820 694 031 200 ng = 3 820 points + 694 031 200 ng
   0.4 kWh     152 812 480 000 ng, below the 500 Wh that the programme awards
In California 10 kWh in an hour of gas are worth 10 000 x (905 091 303 - 370 000 000) = 5 350 913 030 000 ng.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.book import CN, HOUR, US, Book, charge, charge_us, mix, told, user

PARTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng", "points_after")
WHAT = ("programme", "session_id", "vintage", "user_id", "kind", "points", "points_after")


@pytest.fixture
def book(china: Book) -> Book:
    return china


def test_first_posting_is_an_issuance_that_says_how_it_was_computed(book: Book) -> None:
    (entry,) = book.entries()
    assert told(entry, "seq", *WHAT) == (1, CN, "OP:1", "2026-03-09", user("alice"), "issuance", 3820, 3820)
    assert told(entry, *PARTS) == (3820, 3_820_312_000_000, 0, 0, 312_000_000, 0, 3820)
    assert told(entry, "reason", "period", "status") == ("first assessment", "2026-03", "provisional")
    assert entry["methodology"] == "cn_ev_charging@1.2.0"
    assert (book.root / "receipts" / f"{entry['receipt_digest']}.json").exists()
    assert entry["methodology_digest"] in (book.root / "receipts" / f"{entry['receipt_digest']}.json").read_text()


def test_running_again_posts_nothing_and_commits_nothing(book: Book) -> None:
    before = book.entries()
    again = book.account()
    assert (again["posted_entries"], again["touched"], again["receipt"]) == (0, 0, None)
    assert book.entries() == before
    assert len(book.commits()) == 1


@pytest.mark.parametrize("rows", [(charge("1", "10"),), (charge("1", "10"), charge("1", "10"))])
def test_the_same_row_in_another_file_is_a_duplicate_and_posts_nothing(book: Book, rows: tuple[str, ...]) -> None:
    batch = book.sessions(*rows, charge("1", "10.000"))  # another file, and another spelling of the same energy
    assert (batch["rows_duplicate"], batch["rows_accepted"]) == (len(rows) + 1, 0)
    assert book.account()["posted_entries"] == 0


def test_a_late_session_posts_its_own_entry_and_no_other(book: Book) -> None:
    book.sessions(charge("2", "12"))
    assert book.account()["touched"] == 1
    assert [told(entry, *WHAT) for entry in book.entries()[1:]] == [
        (CN, "OP:2", "2026-03-09", user("alice"), "issuance", 4584, 4584)
    ]


@pytest.mark.parametrize(
    ("kwh", "kind", "parts"),
    [
        # 12 - 10 kWh: 2 000 x 382 031 200 = 764 062 400 000; 764 points; rounding 374 400 000 - 312 000 000
        ("12", "adjustment", (764, 764_062_400_000, 0, 0, 62_400_000, 0, 4584)),
        # 9 - 10 kWh: -1 000 x 382 031 200; 3 438 - 3 820 = -382 points; rounding 280 800 000 - 312 000 000
        ("9", "adjustment", (-382, -382_031_200_000, 0, 0, -31_200_000, 0, 3438)),
        # one Wh more: no whole gram more, so only reductions and rounding move
        ("10.001", "revaluation", (0, 382_031_200, 0, 0, 382_031_200, 0, 3820)),
        # 400 Wh are assessed and not awarded: 152 812 480 000 - 3 820 312 000 000; the reductions stay, as not awarded
        ("0.4", "adjustment", (-3820, -3_667_499_520_000, 152_812_480_000, 0, -312_000_000, 0, 0)),
    ],
)
def test_a_corrected_session_posts_one_exact_signed_difference(
    book: Book, kwh: str, kind: str, parts: tuple[int, ...]
) -> None:
    book.sessions(charge("1", kwh))
    book.account()
    (_, entry) = book.entries()
    assert told(entry, "kind", "reason") == (kind, "corrected session")
    assert told(entry, *PARTS) == parts


def test_two_corrections_before_one_run_post_one_difference(book: Book) -> None:
    book.sessions(charge("1", "20"))
    book.sessions(charge("1", "12"))
    book.account()
    assert [entry["points"] for entry in book.entries()] == [3820, 764]


def test_a_session_that_moves_to_another_owner_is_taken_from_one_and_issued_to_the_other(book: Book) -> None:
    book.sessions(charge("1", "10", "bob"))
    book.account()
    taken, given = sorted(book.entries()[1:], key=lambda entry: entry["points"])
    assert told(taken, *WHAT) == (CN, "OP:1", "2026-03-09", user("alice"), "reversal", -3820, 0)
    assert told(given, *WHAT) == (CN, "OP:1", "2026-03-09", user("bob"), "issuance", 3820, 3820)
    assert told(taken, *PARTS) == (-3820, -3_820_312_000_000, 0, 0, -312_000_000, 0, 0)


def test_a_session_that_comes_back_is_issued_again(book: Book) -> None:
    for account, hour in (("bob", "12"), ("alice", "13")):
        book.sessions(charge("1", "10", account, f"2026-03-09T{hour}:00:00+08:00", revised=f"2026-03-10T{hour}:00:00Z"))
        book.account()
    back = [entry for entry in book.entries()[3:] if entry["user_id"] == user("alice")]
    assert [told(entry, "kind", "points", "points_after") for entry in back] == [("issuance", 3820, 3820)]
    assert book.sums() == {(CN, user("alice"), "2026-03-09"): (3820, 3_820_312_000_000)}


def test_a_session_that_moves_across_midnight_changes_two_vintages(book: Book) -> None:
    book.sessions(charge("1", "10", ended="2026-03-10T00:00:00+08:00"))  # midnight belongs to the new day
    book.account()
    assert [told(entry, *WHAT) for entry in book.entries()[1:]] == [
        (CN, "OP:1", "2026-03-09", user("alice"), "reversal", -3820, 0),
        (CN, "OP:1", "2026-03-10", user("alice"), "issuance", 3820, 3820),
    ]


def test_a_session_that_moves_to_another_region_of_the_programme_posts_nothing(book: Book) -> None:
    book.sessions(charge("1", "10", region="CN-GRID-SW"))  # the national factor stands for all seven
    assert book.account()["posted_entries"] == 0
    assert book.session("OP:1")["region"] == "CN-GRID-SW"


def test_a_session_that_moves_to_another_programme_is_reversed_here_and_issued_there(book: Book) -> None:
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10"))
    book.account()
    assert [told(entry, *WHAT) for entry in book.entries()[1:]] == [
        (CN, "OP:1", "2026-03-09", user("alice"), "reversal", -3820, 0),
        (US, "OP:1", "2026-03-10", user("alice"), "issuance", 5350, 5350),
    ]
    assert told(book.entries()[2], "methodology", "status") == ("us_ev_charging@1.0.0", "final")


def test_a_reversal_names_the_version_of_its_own_programme(book: Book) -> None:
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10"))
    book.account()
    assert [entry["methodology"] for entry in book.entries() if entry["programme"] == CN] == [
        "cn_ev_charging@1.2.0"
    ] * 2


def test_the_reasons_are_sorted(book: Book) -> None:
    book.grid(mix(HOUR, gas=100))
    book.sessions(charge_us("1", "10", "bob"))
    book.account()
    reasons = book.entries()[1]["reason"].split(", ")
    assert {"changed owner", "changed programme"} <= set(reasons)
    assert reasons == sorted(reasons)


def test_a_session_that_leaves_every_programme_is_reversed_and_outside(book: Book) -> None:
    book.sessions(charge("1", "10", region="NO"))
    book.account()
    (_, entry) = book.entries()
    assert told(entry, *WHAT) == (CN, "OP:1", "2026-03-09", user("alice"), "reversal", -3820, 0)
    assert (book.session("OP:1")["state"], book.sums()) == ("outside", {})


def test_a_revision_in_quarantine_leaves_the_old_one_standing_and_is_flagged(book: Book) -> None:
    repeats = [charge("1", "10")] * 9  # one refused row of ten is what a file may have
    batch = book.sessions(charge("1", "-3"), *repeats)
    assert (batch["rows_quarantined"], batch["rows_duplicate"]) == (1, 9)
    assert book.account()["posted_entries"] == 0
    state = book.session("OP:1")
    assert (state["state"], state["points"], state["has_quarantined_revision"]) == ("awarded", 3820, True)


def test_a_session_whose_owner_is_found_later_is_issued_then(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.sessions(charge("1", "10", ""))
    assert book.account()["posted_entries"] == 0
    state = book.session("OP:1")
    assert (state["state"], int(state["emission_reductions_ng"])) == ("awaiting owner", 3_820_312_000_000)
    book.sessions(charge("1", "10", "alice"))
    book.account()
    assert [told(entry, *WHAT) for entry in book.entries()] == [
        (CN, "OP:1", "2026-03-09", user("alice"), "issuance", 3820, 3820)
    ]


def test_the_reason_of_a_changed_owner_is_that_alone(book: Book) -> None:
    book.sessions(charge("1", "10", "bob"))
    book.account()
    assert [entry["reason"] for entry in book.entries()[1:]] == ["changed owner", "changed owner"]
