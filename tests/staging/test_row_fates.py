"""Every row of the built-in sample meets the fate that the sample declares, and every batch closes in rows and Wh."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from tests.staging.lake_contents import batches, published, rows_of

OUTCOMES = ("accepted", "quarantined", "duplicate", "superseded")
RULES = {
    "negative_energy": "energy_not_negative",
    "end_before_start": "end_after_start",
    "unknown_region": "region_known",
    "unreadable_energy": "energy_readable",
    "instant_without_offset": "end_readable",
    "conflicting_order": "same_key_other_content",
}
STATES = {  # of the session, once accounted
    **dict.fromkeys(RULES, "quarantined"),
    "exact_duplicate": "provisional",
    "revised_order": "provisional",
    "no_account": "awaiting owner",
    **dict.fromkeys(("below_500_wh", "above_200_kwh", "longer_than_48_h", "above_rated_power"), "not awarded"),
}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def received(sample_run: Row) -> dict[tuple[str, int], Row]:
    """Every session row as it was sent, by file name and row number, with its Wh from decimal text where it can be read."""
    rows = {}
    for path in map(Path, sample_run["sessions"]):
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=1):
                try:
                    row["wh"] = int(Decimal(row["energy_kwh"]) * 1000)
                except InvalidOperation:
                    row["wh"] = 0
                rows[path.name, number] = row
    return rows


@pytest.fixture(scope="module")
def judged(sample_run: Row) -> dict[tuple[str, int], Row]:
    """Every outcome by file name and row number."""
    names = {row["landing_digest"]: row["file_name"] for row in rows_of(sample_run["lake"], "landing_file")}
    told = rows_of(sample_run["lake"], "row_outcome")
    return {(names[row["landing_digest"]], row["row_number"]): row for row in told}


def test_every_row_has_one_fate(received: dict[Any, Row], judged: dict[Any, Row], sample_run: Row) -> None:
    told = rows_of(sample_run["lake"], "row_outcome")
    assert len(told) == len(judged) == sum(sample_run["rows"].values())
    assert {place for place, row in judged.items() if row["relation"] == "charging_session"} == set(received)


@pytest.mark.parametrize("name", STATES)
def test_a_defect_meets_its_declared_fate(name: str, sample_run: Row, judged: dict[Any, Row]) -> None:
    defect = sample_run["expected"]["defects"][name]
    told = [row for row in judged.values() if row["row_key"] in defect["session_ids"]]
    fate = defect["fate"] if defect["fate"] in OUTCOMES else "accepted"
    assert sum(row["outcome"] == fate for row in told) == defect["rows"]
    assert {row["outcome"] for row in told} <= {fate, "accepted"}
    assert {row["rule"] for row in told if row["outcome"] == "quarantined"} == (
        {RULES[name]} if name in RULES else set()
    )
    ids = ", ".join(f"'{session_id}'" for session_id in defect["session_ids"])
    states = published(sample_run["lake"], f"SELECT state FROM session_status WHERE session_id IN ({ids})")
    assert states == [(STATES[name],)] * 4


def test_sound_rows_are_accepted(sample_run: Row, judged: dict[Any, Row]) -> None:
    defects = {i for defect in sample_run["expected"]["defects"].values() for i in defect["session_ids"]}
    sound = [row for row in judged.values() if row["relation"] == "charging_session" and row["row_key"] not in defects]
    assert len(sound) > 2000
    assert {row["outcome"] for row in sound} == {"accepted"}


def test_of_a_revised_order_the_later_revision_counts(sample_run: Row, received: dict[Any, Row]) -> None:
    """It stands first in its file: order in a file is no substitute for a revision time."""
    delivered = []  # a DC session metered at the input loses its conversion first: no paper is needed for the others
    for session_id in sample_run["expected"]["defects"]["revised_order"]["session_ids"]:
        told = [r for r in received.values() if f"{r['operator']}:{r['order_number']}" == session_id]
        assert told[0]["revised_at"] > told[1]["revised_at"] and told[0]["wh"] == told[1]["wh"] + 1000
        if told[0]["metering_point"] == "dc_output":
            sql = f"SELECT energy_wh FROM session_assessment WHERE session_id = '{session_id}'"
            delivered.append((published(sample_run["lake"], sql), [(told[0]["wh"],)]))
    assert delivered and all(counted == later for counted, later in delivered)


def test_every_batch_closes_in_rows(sample_run: Row, judged: dict[Any, Row]) -> None:
    names = {row["landing_digest"]: row["file_name"] for row in rows_of(sample_run["lake"], "landing_file")}
    for batch in batches(sample_run["lake"]):
        name = names[batch["landing_digest"]]
        counted = Counter(row["outcome"] for (file, _), row in judged.items() if file == name)
        assert {f"rows_{outcome}": batch[f"rows_{outcome}"] for outcome in OUTCOMES} == {
            f"rows_{outcome}": counted[outcome] for outcome in OUTCOMES
        }
        assert batch["rows_received"] == sum(counted.values())
        if name in sample_run["expected"]["files"]:
            declared = sample_run["expected"]["files"][name]
            assert {outcome: counted[outcome] for outcome in OUTCOMES} | {
                "received": batch["rows_received"]
            } == declared


def test_every_batch_closes_in_wh(sample_run: Row, judged: dict[Any, Row], received: dict[Any, Row]) -> None:
    names = {row["landing_digest"]: row["file_name"] for row in rows_of(sample_run["lake"], "landing_file")}
    accepted = 0
    for batch in batches(sample_run["lake"]):
        if batch["relation"] != "charging_session":
            continue
        mine = {number: row for (file, number), row in received.items() if file == names[batch["landing_digest"]]}
        totals = Counter[str]()
        for number, row in mine.items():
            totals[judged[names[batch["landing_digest"]], number]["outcome"]] += row["wh"]
        assert {outcome: int(batch[f"{outcome}_wh"]) for outcome in OUTCOMES} == {o: totals[o] for o in OUTCOMES}
        assert int(batch["received_wh"]) == sum(row["wh"] for row in mine.values())
        accepted += totals["accepted"]
    assert accepted == sample_run["expected"]["accepted_wh"]


def test_quarantine_holds_rule_row_number_digest_and_the_row(
    sample_run: Row, judged: dict[Any, Row], received: dict[Any, Row]
) -> None:
    names = {row["landing_digest"]: row["file_name"] for row in rows_of(sample_run["lake"], "landing_file")}
    kept = rows_of(sample_run["lake"], "quarantine")
    assert len(kept) == sample_run["expected"]["outcomes"]["quarantined"]
    for row in kept:
        place = names[row["landing_digest"]], row["row_number"]
        assert (judged[place]["rule"], judged[place]["outcome"]) == (row["rule"], "quarantined")
        sent, told = received[place], json.loads(row["row_json"])
        for column in ("operator", "order_number", "station_id", "region", "started_at", "ended_at", "energy_kwh"):
            assert told[column] == sent[column]
        assert len(told["account"]) == 64


def test_what_is_odd_in_the_grid_files_meets_its_fate(sample_run: Row, judged: dict[Any, Row]) -> None:
    for name, oddity in sample_run["expected"]["grid"].items():
        hour = f"{oddity['region']}|{oddity['hour_start'][:19]}Z"
        told = [row["outcome"] for row in judged.values() if row["row_key"] == hour]
        assert told.count(oddity["fate"]) == oddity["rows"], name
        assert len(told) == {"pumped_storage": 1, "missing_hour": 0, "duplicate_hour": 2}[name]
