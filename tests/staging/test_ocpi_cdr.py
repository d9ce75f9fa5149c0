"""OCPI charge detail records: when charging ended, what a credit withdraws, how periods become intervals, and what is refused."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.source import load_source
from tests.staging.canonical_files import AT
from tests.staging.conftest import fixed_key
from tests.staging.interval_oracle import Interval, agrees, scaled
from tests.staging.json_files import ABSENT, START, Json, cdr, json_lines, period
from tests.staging.lake_contents import fates, rows_of
from tests.staging.lake_search import found_in

Told = dict[str, Any]
CREDIT = {"credit": True, "credit_reference_id": "r1"}

# (rule, what just passes, what just fails)
RULES: list[tuple[str, Told, Told]] = [
    ("charge_happened", {"cdr_location__evse_uid": "NA"}, {"cdr_location__evse_uid": "#NA", "total_energy": 0}),
    ("party_form", {"party_id": "7x9"}, {"party_id": "INVE"}),
    ("party_form", {"country_code": " be "}, {"country_code": "B*E"}),
    ("credit_form", {"credit": False}, {"credit": "yes"}),
    ("credit_form", CREDIT | {"credit_reference_id": "elsewhere"}, {"credit": True}),
    ("credit_form", {"credit": None, "credit_reference_id": ""}, {"credit_reference_id": "r1"}),
    ("periods_readable", {"charging_periods": [period(0, "10")]}, {"charging_periods": [period(0, "10,0")]}),
    ("periods_readable", {"charging_periods": [period(0)]}, {"charging_periods": [period(0) | {"start_date_time": "soon"}]}),
    ("periods_agree", {"charging_periods": [period(0, 9.9)]}, {"charging_periods": [period(0, 9.899)]}),
    ("periods_agree", {"charging_periods": [period(0, 10.1)]}, {"charging_periods": [period(0, "10.100000000000000001")]}),
    (
        "periods_agree",
        {"total_energy": 100, "charging_periods": [period(0, 40), period(60, 59)]},
        {"total_energy": 100, "charging_periods": [period(0, 40), period(60, 58.999)]},
    ),
    ("periods_agree", {"charging_periods": ABSENT}, {"charging_periods": [period(0, 0)]}),
    ("order_told", {"id": 0}, {"id": " "}),
    ("energy_readable", {"total_energy": "10.5"}, {"total_energy": "1E1"}),
    ("energy_not_negative", {"total_energy": 0}, {"total_energy": -0.001}),
    ("start_readable", {"start_date_time": "2026-03-10T01:00:00"}, {"start_date_time": "1970-1-1T00:00:00Z"}),
    ("start_readable", {"start_date_time": "2026-03-10T01:00:00+00:00"}, {"start_date_time": "1970-01-01T00:00:00Z"}),
    ("end_readable", {"end_date_time": "2026-03-10T01:59:59.9Z"}, {"end_date_time": "1970-01-01T00:00:00"}),
    ("end_readable", {"total_parking_time": 0.5}, {"total_parking_time": -0.5}),
    ("end_after_start", {"total_parking_time": "0.999722222222222222"}, {"total_parking_time": 1}),
    ("region_known", {"cdr_location__id": 0}, {"cdr_location__id": ABSENT}),
    ("power_type_known", {"cdr_location__connector_power_type": ABSENT}, {"cdr_location__connector_power_type": "DCX"}),
    ("revision_readable", {"last_updated": "2026-03-10T03:00:00"}, {"last_updated": "yesterday"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str | None]]:
    folder = tmp_path_factory.mktemp("records")
    told = [passing for _, passing, _ in RULES] + [failing for _, _, failing in RULES]
    records = [cdr(f"{place}", **change) for place, change in enumerate(told)]
    with fixed_key():
        path = json_lines(folder / "records.json", *records, *(cdr(f"s{n}") for n in range(300)))
        flow.ingest("ocpi_cdr", [path], str(folder / "lake"), AT)
    return fates(folder / "lake")


@pytest.mark.parametrize("place", range(len(RULES)), ids=[f"{rule}: {ok} / {bad}" for rule, ok, bad in RULES])
def test_a_record_at_the_boundary(place: int, judged: list[tuple[str, str | None]]) -> None:
    assert judged[place] == ("accepted", None)
    assert judged[len(RULES) + place] == ("quarantined", RULES[place][0])


def test_no_rule_of_the_source_is_without_a_boundary() -> None:
    owed = {rule.rule_id for rule in load_source("ocpi_cdr").definition.row_rules}
    assert owed <= {rule for rule, _, _ in RULES}


def staged(lake: str, folder: Path, *records: Json) -> tuple[list[Json], list[tuple[int, int, int]]]:
    """The sessions, and the intervals as seconds after the start and Wh, in order of time."""
    flow.ingest("ocpi_cdr", [json_lines(folder / "records.json", *records)], lake, AT)
    rows = sorted(rows_of(lake, "charging_interval"), key=lambda row: (row["session_id"], row["interval_no"]))
    assert [row["interval_no"] for row in rows if row["session_id"] == rows[0]["session_id"]] == [
        *range(1, len(rows) + 1)
    ]
    since = [[int((row[name] - START).total_seconds()) for name in ("started_at", "ended_at")] for row in rows]
    return rows_of(lake, "charging_session"), [
        (first, last, row["reading_wh"]) for (first, last), row in zip(since, rows, strict=True)
    ]


def test_what_is_staged_of_a_record(lake: str, tmp_path: Path) -> None:
    ((row,), intervals) = staged(lake, tmp_path, cdr(1, total_energy=15.3429, cdr_location__connector_power_type="DC"))
    assert (row["session_id"], row["issuer"], row["station_id"], row["connector_id"]) == (
        "NL*INV:R1",
        "NL*INV",
        "LOC1",
        "E1-2",
    )
    assert (row["power_type"], row["region"], row["metering_point"], row["rated_w"]) == ("DC", None, None, None)
    assert (row["reading_wh"], row["is_credit"], intervals) == (15_342, False, [])
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 3600
    assert row["revised_at"] == row["started_at"].replace(hour=3)
    assert len(row["token_id"]) == 64


def test_no_identity_of_a_record_leaves_its_landed_file(lake: str, tmp_path: Path) -> None:
    records = [cdr(n) for n in range(20)] + [cdr("bad", total_energy="none")]
    flow.ingest("ocpi_cdr", [json_lines(tmp_path / "records.json", *records)], lake, AT)
    (kept,) = rows_of(lake, "quarantine")
    assert '"total_energy":"none"' in kept["row_json"]
    assert found_in(lake, ["token-", "contract-"], but_not_below=("landing",)) == []


ENDS: list[tuple[str, Told, int]] = [
    (
        "the last period with energy ends where the next starts",
        {"charging_periods": [period(0, 10), period(1500, 0)]},
        1500,
    ),
    ("or with the session", {"charging_periods": [period(0, 4), period(1500, 6)]}, 3600),
    ("whatever follows it", {"charging_periods": [period(0, 10), period(900), period(1800, 0), period(2700)]}, 900),
    ("in whatever order they are sent", {"charging_periods": [period(1500, 0), period(0, 10)]}, 1500),
    ("periods outweigh the parking time", {"charging_periods": [period(0, 10)], "total_parking_time": 0.5}, 3600),
    (
        "without energy in them the parking time decides",
        {"charging_periods": [period(0)], "total_parking_time": 0.5},
        1800,
    ),
    ("a part of a second is parked whole", {"total_parking_time": 0.0001}, 3599),
    ("without either it is the session", {"charging_periods": None}, 3600),
    (
        "dimensions of sessions are no energy",
        {"charging_periods": [period(0, 10), period(1200, ABSENT, {"type": "ENERGY_IMPORT", "volume": 5})]},
        1200,
    ),
]


@pytest.mark.parametrize(("told", "end"), [each[1:] for each in ENDS], ids=[each[0] for each in ENDS])
def test_when_charging_ended(told: Told, end: int, lake: str, tmp_path: Path) -> None:
    ((row,), _) = staged(lake, tmp_path, cdr(1, **told))
    assert (row["ended_at"] - START).total_seconds() == end


def _random_periods(seed: int) -> tuple[list[Interval], str]:
    """Up to twelve periods of a session of an hour, some without energy, and a total that they nearly make up."""
    chance = random.Random(seed)
    starts = sorted(chance.sample(range(3600), chance.randint(1, 12)))
    told = [f"{chance.choice([0, 1, 1, 1]) * chance.randint(1, 20_000) / 1000:.4f}" for _ in starts]
    told[0] = "5.0005"
    total = sum(Fraction(kwh) for kwh in told) * 10_000 + chance.randint(-999, 999)
    ends = [*starts[1:], 3600]
    return list(zip(starts, ends, told, strict=True)), f"{int(total) // 10_000}.{int(total) % 10_000:04d}"


@pytest.mark.parametrize("seed", range(12))
def test_intervals_sum_to_the_reading_as_the_oracle_says(seed: int, lake: str, tmp_path: Path) -> None:
    intervals, total = _random_periods(seed)
    assert agrees(intervals, total)
    ((row,), staged_intervals) = staged(
        lake, tmp_path, cdr(1, total_energy=total, charging_periods=[period(first, kwh) for first, _, kwh in intervals])
    )
    last = max(end for _, end, kwh in intervals if Fraction(kwh))
    assert row["reading_wh"] == Fraction(total) * 1000 // 1
    assert staged_intervals == scaled(intervals, 0, last, row["reading_wh"])
    assert sum(wh for _, _, wh in staged_intervals) == row["reading_wh"]


def test_a_tie_goes_to_the_earlier(lake: str, tmp_path: Path) -> None:
    thirds = [period(0, 1), period(1200, 1), period(2400, 1)]
    assert staged(lake, tmp_path, cdr(1, total_energy=3.002, charging_periods=thirds))[1] == [
        *((0, 1200, 1001), (1200, 2400, 1001), (2400, 3600, 1000)),
    ]


TOTAL_ONLY: dict[str, list[Json]] = {
    "a negative period": [period(0, 11), period(1200, -1), period(1800, 0)],
    "a period before the session": [period(-1, 10)],
    "two that start together": [period(0, 5), period(0, 5)],
    "no energy": [period(0), period(1200)],
}


@pytest.mark.parametrize("name", TOTAL_ONLY)
def test_a_session_whose_periods_do_not_hold_counts_as_a_total(name: str, lake: str, tmp_path: Path) -> None:
    ((row,), intervals) = staged(lake, tmp_path, cdr(1, charging_periods=TOTAL_ONLY[name]))
    assert (row["reading_wh"], intervals) == (10_000, [])


def test_a_credit_withdraws_the_record_that_it_names(lake: str, tmp_path: Path) -> None:
    credit = cdr(9, credit=True, credit_reference_id="R1", last_updated="2026-03-11T00:00:00Z")
    first, again = json_lines(tmp_path / "1.json", credit), json_lines(tmp_path / "2.json", cdr(1), credit, cdr(2))
    flow.ingest("ocpi_cdr", [first, again], lake, AT)
    assert fates(lake, "NL*INV:R1") == [("accepted", None), ("superseded", None), ("duplicate", None)]
    told = {(row["session_id"], row["is_credit"], row["reading_wh"]) for row in rows_of(lake, "charging_session")}
    assert told == {("NL*INV:R1", True, 10_000), ("NL*INV:R1", False, 10_000), ("NL*INV:R2", False, 10_000)}


@pytest.mark.parametrize(("version", "start"), [("2.2.1", "2015-06-29T21:39:09"), ("2.3.0", "2024-12-05T17:39:09")])
def test_the_example_of_the_specification(version: str, start: str, shared: Path, lake: str) -> None:
    flow.ingest("ocpi_cdr", [str(shared / "data" / "ocpi" / f"{version}_cdr_example.json")], lake, AT)
    (row,) = rows_of(lake, "charging_session")
    assert (row["session_id"], row["connector_id"], row["power_type"]) == ("BE*BEC:12345", "3256-1", "AC")
    assert (row["reading_wh"], row["started_at"].isoformat()[:19]) == (15_342, start)
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 7103  # 1 h 58 min 23 s
    assert rows_of(lake, "charging_interval") == []
