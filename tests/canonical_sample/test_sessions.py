"""Sessions of the sample: plausible ones that cover the field, and defects, as many as declared and of the declared kind."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from tests.canonical_sample import sample, sample_session
from tests.canonical_sample.rows import REGIONS, SHANGHAI, Row, id_of, seconds_of, sound_rows, with_defect


def test_each_file_is_one_operator_and_the_day_its_sessions_end(sessions: list[Row]) -> None:
    for row in sessions:
        operator, day = re.fullmatch(r"synthetic_sessions_(.+)_(.+)\.csv", row["file"]).groups()  # type: ignore[union-attr]
        assert row["operator"] == operator
        if row["ended_at"][-6] == "+":
            assert datetime.fromisoformat(row["ended_at"]).astimezone(SHANGHAI).date().isoformat() == day
    assert len({row["file"] for row in sessions}) == 4 * 3


def test_sound_sessions_cover_the_field(sessions: list[Row], written: dict[str, Any]) -> None:
    sound = sound_rows(sessions, written)
    assert {row["region"] for row in sound} == REGIONS
    kinds = Counter((row["power_type"], row["metering_point"]) for row in sound)
    assert set(kinds) == {("AC", "ac_input"), ("DC", "dc_output"), ("DC", "ac_input"), ("DC", "unknown")}
    assert min(kinds.values()) > 100
    assert {row["rated_kw"] for row in sound} == {"", "7", "60", "80", "90", "120"}
    assert {row["ended_at"][-6:] for row in sound} == {"+08:00", "+00:00"}


def test_sound_sessions_cross_hours_and_midnight(sessions: list[Row], written: dict[str, Any]) -> None:
    ends = [
        tuple(datetime.fromisoformat(row[name]).astimezone(SHANGHAI) for name in ("started_at", "ended_at"))
        for row in sound_rows(sessions, written)
    ]
    assert sum(start.date() < end.date() for start, end in ends) > 300
    assert sum(start.replace(minute=0, second=0) < end.replace(minute=0, second=0) for start, end in ends) > 1000
    assert sum(end.isoformat() == "2026-03-10T00:00:00+08:00" for _, end in ends) == 4  # belongs to the 10th


def test_sound_sessions_are_plausible_and_eligible(sessions: list[Row], written: dict[str, Any]) -> None:
    for row in sound_rows(sessions, written):
        energy_wh, seconds = Decimal(row["energy_kwh"]) * 1000, seconds_of(row)
        assert 2_000 <= energy_wh <= 150_000
        assert 0 < seconds <= 12 * 3600
        assert energy_wh * 3600 <= int(row["rated_kw"] or 120) * 1000 * seconds


def test_sound_sessions_of_one_account_do_not_overlap(sessions: list[Row], written: dict[str, Any]) -> None:
    by_account: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in sound_rows(sessions, written):
        window = datetime.fromisoformat(row["started_at"]), datetime.fromisoformat(row["ended_at"])
        by_account.setdefault(row["account"], []).append(window)
    for windows in by_account.values():
        windows.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(windows))


def test_energy_is_decimal_text_with_one_to_three_decimals(sessions: list[Row]) -> None:
    told = [row["energy_kwh"] for row in sessions if row["energy_kwh"] != "n/a"]
    assert all(re.fullmatch(r"-?\d+\.\d{1,3}", text) for text in told)
    assert {len(text.partition(".")[2]) for text in told} == {1, 2, 3}
    assert all((Decimal(text) * 1000) % 1 == 0 for text in told)


def test_every_operator_has_every_defect(written: dict[str, Any]) -> None:
    for name, defect in written["expected"]["defects"].items():
        assert len(defect["session_ids"]) == 4, name
        assert {i.split(":")[0] for i in defect["session_ids"]} == set(sample_session.OPERATORS), name


def test_defects_are_few(sessions: list[Row], written: dict[str, Any]) -> None:
    touched = len(sessions) - len(sound_rows(sessions, written))
    assert touched * 100 < 3 * len(sessions)
    for counts in written["expected"]["files"].values():
        assert 0 < counts["quarantined"] * 100 <= 5 * counts["received"]


def test_outcomes_add_up(sessions: list[Row], written: dict[str, Any]) -> None:
    expected = written["expected"]
    received = Counter(row["file"] for row in sessions)
    for name, counts in expected["files"].items():
        assert received[name] == counts["received"] == sum(counts.values()) - counts["received"]
    for outcome, rows in expected["outcomes"].items():
        assert rows == sum(counts[outcome] for counts in expected["files"].values())
    declared = Counter[str]()
    for defect in expected["defects"].values():
        declared[defect["fate"]] += defect["rows"]
    assert declared == {
        "quarantined": 4 * 7,
        "duplicate": 4,
        "superseded": 4,
        "awaiting owner": 4,
        "not awarded": 4 * 4,
    }
    assert expected["outcomes"]["quarantined"] == declared["quarantined"]
    assert expected["outcomes"]["duplicate"] == expected["outcomes"]["superseded"] == 4


def test_rows_that_break_a_row_rule_are_the_declared_ones(sessions: list[Row], written: dict[str, Any]) -> None:
    """Found in the files by the rule alone, without the declaration."""
    found: dict[str, set[str]] = {name: set() for name in list(sample.DEFECTS)[:5]}
    for row in sessions:
        for name in _broken_rules(row):
            found[name].add(id_of(row))
    assert found == {name: set(written["expected"]["defects"][name]["session_ids"]) for name in found}


def _broken_rules(row: Row) -> list[str]:
    broken = []
    try:
        if Decimal(row["energy_kwh"]) < 0:
            broken.append("negative_energy")
    except InvalidOperation:
        broken.append("unreadable_energy")
    if row["region"] not in REGIONS:
        broken.append("unknown_region")
    if any(not re.search(r"[+]\d\d:\d\d$", row[name]) for name in ("started_at", "ended_at")):
        broken.append("instant_without_offset")
    elif seconds_of(row) <= 0:
        broken.append("end_before_start")
    return broken


def test_orders_told_twice_are_the_declared_ones(sessions: list[Row], written: dict[str, Any]) -> None:
    told: dict[str, list[Row]] = {}
    for row in sessions:
        told.setdefault(id_of(row), []).append(row)
    found: dict[str, set[str]] = {name: set() for name in list(sample.DEFECTS)[5:8]}
    for session_id, rows in told.items():
        if len(rows) == 1:
            continue
        first, second = rows
        if first == second:
            found["exact_duplicate"].add(session_id)
        elif not first["revised_at"] and not second["revised_at"]:
            found["conflicting_order"].add(session_id)
        elif first["revised_at"] > second["revised_at"] and first["energy_kwh"] != second["energy_kwh"]:
            found["revised_order"].add(session_id)
    assert found == {name: set(written["expected"]["defects"][name]["session_ids"]) for name in found}
    assert sum(len(rows) == 2 for rows in told.values()) == 12
    assert max(map(len, told.values())) == 2


def test_cases_of_the_eligibility_rules(sessions: list[Row], written: dict[str, Any]) -> None:
    assert [row["account"] for row in sessions].count("") == 4
    assert {row["account"] for row in with_defect("no_account", sessions, written)} == {""}
    assert all(Decimal(row["energy_kwh"]) < Decimal("0.5") for row in with_defect("below_500_wh", sessions, written))
    assert all(Decimal(row["energy_kwh"]) > 200 for row in with_defect("above_200_kwh", sessions, written))
    assert all(seconds_of(row) > 172_800 for row in with_defect("longer_than_48_h", sessions, written))
    for row in with_defect("above_rated_power", sessions, written):
        mean_kw_seconds = Decimal(row["energy_kwh"]) * 3600
        assert mean_kw_seconds > Decimal("1.05") * int(row["rated_kw"]) * seconds_of(row)


def test_accepted_energy_is_that_of_the_files(sessions: list[Row], written: dict[str, Any]) -> None:
    """Received = accepted + quarantined + duplicate + superseded, in Wh too, where they can be read."""
    total = sum(int(Decimal(row["energy_kwh"]) * 1000) for row in sessions if row["energy_kwh"] != "n/a")
    refused = 0
    for name in list(sample.DEFECTS)[:8]:
        rows = [row for row in with_defect(name, sessions, written) if row["energy_kwh"] != "n/a"]
        if name in ("exact_duplicate", "revised_order"):
            rows = list({id_of(row): row for row in rows}.values())  # the later row of each
        refused += sum(int(Decimal(row["energy_kwh"]) * 1000) for row in rows)
    assert written["expected"]["accepted_wh"] == total - refused
