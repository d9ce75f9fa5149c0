"""Every entry of the story: its number, its name, its kind and its running total follow from the entries before it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import Any

from tests.ledger.book import CN, US, Book, told, user

AMOUNTS = ("points", "emission_reductions_ng", "not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")


def test_entry_id_is_the_digest_of_programme_lineage_and_place(whole_story: Book) -> None:
    places: Counter[str] = Counter()
    for entry in whole_story.entries():
        name = f"{entry['programme']}|{entry['session_id']}|{places[entry['session_id']]}"
        assert entry["entry_id"] == hashlib.sha256(name.encode()).hexdigest()
        places[entry["session_id"]] += 1
    # session 3 was issued, then reversed and issued; session 6 was issued, reversed and issued in another programme
    assert (places["OP:3"], places["OP:6"]) == (3, 3)


def test_seq_goes_by_commit_then_programme_session_vintage_user_and_kind(whole_story: Book) -> None:
    entries = whole_story.entries()
    commit = {said["receipt"]: number for number, said in enumerate(whole_story.commits())}
    order = [
        (commit[e["receipt_digest"]], e["programme"], e["session_id"], e["vintage"], e["user_id"], e["kind"])
        for e in entries
    ]
    assert order == sorted(order)
    assert [entry["seq"] for entry in entries] == list(range(1, 23))
    assert Counter(place for place, *_ in order) == {0: 8, 1: 11, 2: 1, 3: 2}


def test_kind_and_running_total_follow_from_what_stood_before(whole_story: Book) -> None:
    stood: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(AMOUNTS))
    kinds: Counter[str] = Counter()
    for entry in whole_story.entries():
        key = told(entry, "programme", "session_id", "vintage", "user_id")
        before = stood[key]
        after = [a + b for a, b in zip(before, told(entry, *AMOUNTS), strict=True)]
        if not any(before):
            kind = "issuance"
        elif not any(after):
            kind = "reversal"
        else:
            kind = "adjustment" if entry["points"] else "revaluation"
        assert told(entry, "kind", "points_after") == (kind, after[0]), entry["seq"]
        stood[key] = after
        kinds[kind] += 1
    assert kinds == {"issuance": 17, "reversal": 3, "adjustment": 2}


def test_the_period_is_the_month_of_the_vintage(whole_story: Book) -> None:
    assert {told(entry, "period", "vintage")[0] for entry in whole_story.entries()} == {"2026-03"}


def test_entries_are_final_from_the_run_that_made_their_vintage_final(whole_story: Book) -> None:
    final = {entry["seq"] for entry in whole_story.entries() if entry["status"] == "final"}
    assert final == {20, 22}
    since = {
        key: row["final_since_seq"] for key, row in whole_story.states("vintage_state", "programme", "vintage").items()
    }
    assert {(programme, str(day)): seq for (programme, day), seq in since.items() if seq is not None} == {
        (US, "2026-03-10"): 20
    }


def test_users_hold_what_paper_says(whole_story: Book) -> None:
    """Grams, floored for each session.

    Half hour by half hour: 1 and 2 of alice 12 kWh each, 3 of hers 10 kWh: 4 584 + 4 584 + 3 820; 10 is below 500 Wh.
    5 of carol, 30 500 Wh of DC at the output: BE 30 500 x 912 631 200 = 27 835 251 600 000, PE = ceil(30 500 x
    530 600 000 x 1000 / 923) = 17 533 369 447 454: 10 301; her 4 is 3 438. 7 of bob 3 820. 15 of dora 7 640.
    California: the hour of 17:00 is 333 000 000 (0.9 gas), that of 18:00 185 000 000 (50 of 100, the storage counts 0).
    11 of alice 10 000 x (905 091 303 - 333 000 000): 5 720, and so 6 of bob and 16 of dora. 12 of bob 7 200. 13 of bob:
    17 777 Wh over 80 min, 8 888 in the first 40: BE 16 089 808 093 431 - 8 888 x 333 000 000 - 8 889 x 185 000 000 =
    11 485 639 093 431: 11 485. 14 of dora, DC: BE 10 000 x 948 574 335 - ceil(10 000 x 333 000 000 x 1000 / 923) =
    9 485 743 350 000 - 3 607 800 650 055 = 5 877 942 699 945: 5 877.
    """
    points = {(programme, account): sums for (programme, account, _), (sums, _) in whole_story.sums().items()}
    by_user: Counter[tuple[str, str]] = Counter()
    for (programme, account, _), (sums, _) in whole_story.sums().items():
        by_user[programme, account] += sums
    assert points.keys() == by_user.keys()
    assert by_user == {
        (CN, user("alice")): 4584 + 4584 + 3820,
        (CN, user("carol")): 10_301 + 3438,
        (CN, user("bob")): 3820,
        (CN, user("dora")): 7640,
        (US, user("alice")): 5720,
        (US, user("bob")): 5720 + 7200 + 11_485,
        (US, user("dora")): 5877 + 5720,
    }
