"""The invariants, checked once more by plain Python on what the lake and its publication hold. Each raises AssertionError."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow.parquet as pq

from chargeledger.computation import compute
from chargeledger.engine import Engine
from chargeledger.lake import Lake
from chargeledger.programme import programmes
from chargeledger.scope import Inputs, Question, Scope
from tests.ledger.book import Book

Row = dict[str, Any]
GRAM = 10**9
PARTS = ("not_awarded_ng", "clamped_ng", "rounding_ng", "capped_ng")


def rows_and_wh_close(book: Book) -> int:
    """Invariant 1, held against the files themselves; returns the rows read."""
    fates = defaultdict(list)
    for row in book.staged("row_outcome"):
        fates[row["landing_digest"]].append(row)
    quarantined = {(row["landing_digest"], row["row_number"]): row["rule"] for row in book.staged("quarantine")}
    batches = {row["landing_digest"]: row for row in book.staged("batch")}
    rows_read = 0
    for path in sorted(book.sent.glob("*_session_csv.csv")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        told = dict(enumerate(csv.DictReader(path.read_text(encoding="utf-8").splitlines()), start=1))
        assert sorted(row["row_number"] for row in fates[digest]) == sorted(told), path.name
        counts, wh = Counter(row["outcome"] for row in fates[digest]), Counter()
        for row in fates[digest]:
            wh[row["outcome"]] += _wh(told[row["row_number"]]["energy_kwh"])
            assert ((digest, row["row_number"]) in quarantined) == (row["outcome"] == "quarantined")
        batch = batches[digest]
        assert batch["rows_received"] == len(told) == sum(counts.values())
        for outcome in ("accepted", "quarantined", "duplicate", "superseded"):
            assert (batch[f"rows_{outcome}"], int(batch[f"{outcome}_wh"])) == (counts[outcome], wh[outcome]), outcome
        assert int(batch["received_wh"]) == sum(wh.values())
        rows_read += len(told)
    return rows_read


def _wh(kwh: str) -> int:
    try:
        return int((Decimal(kwh) * 1000).to_integral_value(rounding="ROUND_FLOOR"))
    except InvalidOperation:
        return 0


def computed(book: Book) -> dict[str, list[Row]]:
    """Border relations of all sessions as they would be computed now; nothing is posted."""
    lake = Lake(book.lake)
    with Engine() as engine:
        compute(lake, engine, Scope(), lake.clock(None), Inputs.newest(lake), programmes(), Question(everything=True))
        names = ("session", "session_hour", "session_assessment", "grid_intensity_hour")
        return {name: engine.rows(f"SELECT * FROM {name}") for name in names}


def hours_sum_to_readings(relations: dict[str, list[Row]]) -> int:
    """Invariant 2; returns the sessions read."""
    hours: dict[str, list[Row]] = defaultdict(list)
    for row in relations["session_hour"]:
        hours[row["session_id"]].append(row)
    for session in relations["session"]:
        mine = hours[session["session_id"]]
        assert sum(row["reading_wh"] for row in mine) == session["reading_wh"], session["session_id"]
        first, last = int(session["started_at"].timestamp()) // 3600, (int(session["ended_at"].timestamp()) - 1) // 3600
        told = sorted(int(row["hour_start"].timestamp()) for row in mine)
        assert told == [hour * 3600 for hour in range(first, last + 1)], session["session_id"]
    return len(relations["session"])


def every_hour_has_one_factor(book: Book, relations: dict[str, list[Row]]) -> int:
    """Invariant 9, and PE is the sum over the published factors (held sessions stand on older ones); returns the hours read."""
    factors: dict[Any, list[Row]] = defaultdict(list)
    for row in book.published("grid_intensity_hour"):
        factors[row["methodology"], row["region"], row["hour_start"]].append(row)
    assessed = {row["session_id"]: row for row in book.published("session_assessment")}
    held = {row["session_id"] for row in book.published("session_status") if row["state"] == "awaiting approval"}
    at_output = {row["session_id"] for row in relations["session"] if row["metering_point"] == "dc_output"}
    emissions: Counter[str] = Counter()
    hours_read = 0
    for hour in relations["session_hour"]:
        if hour["session_id"] in assessed:
            key = (assessed[hour["session_id"]]["methodology"], hour["region"], hour["hour_start"])
            (factor,) = factors[key]
            assert factor["factor_origin"]
            emissions[hour["session_id"]] += hour["reading_wh"] * factor["intensity_ug_per_kwh"]
            hours_read += 1
    for session_id, row in assessed.items():
        if session_id not in held:
            drawn = emissions[session_id]
            owed = -(-drawn * 1000 // 923) if session_id in at_output else drawn  # rounded up; 0.923 is the efficiency
            assert int(row["project_emissions_ng"]) == owed, session_id
    return hours_read


def points_are_the_fold(book: Book) -> int:
    """Invariant 3, against the ledger and against the published segments; returns the users read."""
    manifest = book.manifest()
    listed = [part["path"] for part in manifest["segments"] if part["relation"] == "ledger_entry"]
    segments = [row for path in listed for row in pq.read_table(book.root / "published" / path).to_pylist()]
    plain = [{name: row[name] for name in row if name not in ("shard", "shard_seq")} for row in segments]
    assert sorted(plain, key=lambda row: row["seq"]) == book.entries() == book.published("ledger_entry")
    fold: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    final = {(row["programme"], row["vintage"]) for row in book.published("vintage") if row["state"] == "final"}
    for row in segments:
        points, is_final = row["points"], (row["programme"], row["vintage"]) in final
        sums = fold[row["programme"], row["user_id"]]
        sums[0] += points
        sums[1] += points if is_final else 0
        sums[2] += int(row["emission_reductions_ng"])
        sums[3] += 1
        sums[4] = max(sums[4], row["seq"])
    columns = ("points", "final_points", "emission_reductions_ng", "entries", "last_seq")
    told = {
        (row["programme"], row["user_id"]): [int(row[name]) for name in columns]
        for row in book.published("user_points")
    }
    assert told == dict(fold)
    assert sum(sums[0] for sums in fold.values()) == manifest["points"]
    vintages: Counter[Any] = Counter()
    for row in segments:
        vintages.update({(row["programme"], row["vintage"]): row["points"]})
    told_of_vintages = {(row["programme"], row["vintage"]): row["points"] for row in book.published("vintage")}
    assert told_of_vintages == {key: vintages[key] for key in told_of_vintages}
    assert set(vintages) <= set(told_of_vintages)
    return len(fold)


def feed_has_no_gap(entries: list[Row]) -> int:
    """Invariant 8; returns the entries read."""
    assert [row["seq"] for row in entries] == list(range(1, len(entries) + 1))
    assert len({row["entry_id"] for row in entries}) == len(entries)
    return len(entries)


def every_lineage_has_one_state(book: Book) -> Counter[str]:
    """Invariant 12; returns the states with their counts."""
    received = {row["row_key"] for row in book.staged("row_outcome") if row["relation"] == "charging_session"}
    states = book.published("session_status")
    assert Counter(row["session_id"] for row in states) == Counter(received)
    return Counter(row["state"] for row in states)


def every_entry_closes(entries: list[Row]) -> int:
    """Invariant 13, per entry, and so for every period and programme; returns the entries read."""
    for row in entries:
        parts = row["points"] * GRAM + sum(int(row[part]) for part in PARTS)
        assert int(row["emission_reductions_ng"]) == parts, row["seq"]
    return len(entries)
