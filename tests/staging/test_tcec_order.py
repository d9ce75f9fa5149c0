"""Charge orders of T/CEC 102: their number, Beijing time, details with their end under the wrong key, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from chargeledger.source import load_source
from tests.staging.canonical_files import AT
from tests.staging.conftest import fixed_key
from tests.staging.interval_oracle import scaled
from tests.staging.json_files import ABSENT, START, Json, changed, json_lines
from tests.staging.lake_contents import fates, rows_of
from tests.staging.lake_search import found_in

Told = dict[str, Any]
ISSUER = "IN123456A"


def local(second: int) -> str:
    """So many seconds after 09:00 in Beijing, which is 01:00 UTC."""
    return f"2026-03-10 {9 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def order(number: int, **told: Any) -> Json:
    record: Json = {
        "StartChargeSeq": f"{ISSUER.lower()}{number:018d}",
        "ConnectorID": f"{ISSUER}con0001",
        "StartTime": local(0),
        "EndTime": local(3600),
        "TotalPower": 10.00,
        "TotalElecMoney": 6.5,
        "TotalSeviceMoney": 4.0,
        "TotalMoney": 10.5,
        "StopReason": 0,
        "SumPeriod": 0,
        "ChargeDetails": [],
        "Vin": f"VIN-OF-{number}",
    }
    return changed(record, told)


def detail(first: int, last: int, kwh: object) -> Json:
    times = {"DetailStartTime": local(first), "DetailEndTime": local(last)}
    return times | {"DetailPower": kwh, "ElecPrice": 0.65, "SevicePrice": 0.4}


def details(*told: Json) -> Told:
    return {"SumPeriod": len(told), "ChargeDetails": list(told)}


HALVES = (detail(0, 1800, 5), detail(1800, 3600, 5))
# (rule, what just passes, what just fails)
RULES: list[tuple[str, Told, Told]] = [
    ("order_number_form", {"StartChargeSeq": "a" * 27}, {"StartChargeSeq": "a" * 26}),
    ("order_number_form", {"StartChargeSeq": " " + "b" * 27}, {"StartChargeSeq": "b" * 28}),
    ("order_number_form", {"StartChargeSeq": "7" * 27}, {"StartChargeSeq": "12345678:" + "8" * 18}),
    ("detail_count", {"SumPeriod": 32}, {"SumPeriod": 33}),
    ("detail_count", {"SumPeriod": ABSENT, "SubPeriod": "2"}, {"SumPeriod": ABSENT, "SubPeriod": "two"}),
    ("detail_count", {"ChargeDetails": [detail(0, 60, 0.3125)] * 32}, {"ChargeDetails": [detail(0, 60, 0.3125)] * 33}),
    ("details_readable", details(detail(0, 60, "10")), details(detail(0, 60, "10 kWh"))),
    ("details_readable", {"ChargeDetails": None}, {"ChargeDetails": [5, None]}),
    ("details_agree", details(detail(0, 60, 9.9)), details(detail(0, 60, 9.8999))),
    (
        "details_agree",
        {"TotalPower": 50} | details(detail(0, 60, 50.5)),
        {"TotalPower": 50} | details(detail(0, 60, 50.501)),
    ),
    ("energy_readable", {"TotalPower": "10.0000"}, {"TotalPower": ""}),
    ("start_readable", {"StartTime": " 2026-03-10 09:00:00 "}, {"StartTime": "2026/03/10 09:00:00"}),
    ("end_readable", {"EndTime": "2026-03-10 09:00:01"}, {"EndTime": "20260310100000"}),
    ("end_after_start", {"EndTime": local(1)}, {"EndTime": local(0)}),
    ("region_known", {"ConnectorID": 7}, {"ConnectorID": None}),
]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str | None]]:
    folder = tmp_path_factory.mktemp("orders")
    told = [passing for _, passing, _ in RULES] + [failing for _, _, failing in RULES]
    orders = [order(place, **change) for place, change in enumerate(told)]
    with fixed_key():
        path = json_lines(folder / "orders.json", *orders, *(order(1000 + n) for n in range(300)))
        flow.ingest("tcec_charge_order", [path], str(folder / "lake"), AT)
    return fates(folder / "lake")


@pytest.mark.parametrize("place", range(len(RULES)), ids=[f"{place} {rule[0]}" for place, rule in enumerate(RULES)])
def test_an_order_at_the_boundary(place: int, judged: list[tuple[str, str | None]]) -> None:
    assert judged[place] == ("accepted", None)
    assert judged[len(RULES) + place] == ("quarantined", RULES[place][0])


def test_no_rule_of_the_source_is_without_a_boundary() -> None:
    owed = {rule.rule_id for rule in load_source("tcec_charge_order").definition.row_rules}
    assert owed <= {rule for rule, _, _ in RULES}


def staged(lake: str, path: str) -> tuple[list[Json], list[tuple[int, int, int]]]:
    flow.ingest("tcec_charge_order", [path], lake, AT)
    rows = sorted(rows_of(lake, "charging_interval"), key=lambda row: row["interval_no"])
    since = [[int((row[name] - START).total_seconds()) for name in ("started_at", "ended_at")] for row in rows]
    return rows_of(lake, "charging_session"), [
        (first, last, row["reading_wh"]) for (first, last), row in zip(since, rows, strict=True)
    ]


def test_what_is_staged_of_an_order(lake: str, tmp_path: Path) -> None:
    ((row,), intervals) = staged(lake, json_lines(tmp_path / "orders.json", order(42, TotalPower="10.0009")))
    assert (row["issuer"], row["session_id"]) == (ISSUER, f"{ISSUER}:{42:018d}")
    assert row["station_id"] == row["connector_id"] == f"{ISSUER}CON0001"
    assert (row["started_at"], (row["ended_at"] - row["started_at"]).total_seconds()) == (START, 3600)
    assert (row["reading_wh"], row["region"], row["power_type"], row["token_id"]) == (10_000, None, None, None)
    assert intervals == []


def test_details_become_intervals_as_the_oracle_says(lake: str, tmp_path: Path) -> None:
    told = [(0, 900, "2.3333"), (900, 1800, "0"), (1800, 2701, "3.3333"), (2701, 3600, "4.3333")]
    record = order(1, TotalPower="10.0199", **details(*(detail(*each) for each in told)))
    ((row,), intervals) = staged(lake, json_lines(tmp_path / "orders.json", record))
    assert intervals == scaled(told, 0, 3600, 10_019)
    assert sum(wh for _, _, wh in intervals) == row["reading_wh"] == 10_019


def test_an_end_under_the_key_of_the_start_is_an_end(lake: str, tmp_path: Path) -> None:
    """Python's writer cannot write a key twice, so the text is changed."""
    text = json.dumps(order(1, **details(*HALVES))).replace("DetailEndTime", "DetailStartTime")
    assert text.count("DetailStartTime") == 4
    (tmp_path / "orders.json").write_text(text)
    assert staged(lake, str(tmp_path / "orders.json"))[1] == [(0, 1800, 5000), (1800, 3600, 5000)]


TOTAL_ONLY = {
    "an overlap": [detail(0, 1801, 5), HALVES[1]],
    "an end after that of the order": [HALVES[0], detail(1800, 3601, 5)],
    "no end": [{"DetailStartTime": local(0), "DetailPower": 10}],
    "an empty list": [],
    "no list": None,
    "text": "none",
}


@pytest.mark.parametrize("name", TOTAL_ONLY)
def test_an_order_whose_details_do_not_hold_counts_as_a_total(name: str, lake: str, tmp_path: Path) -> None:
    ((row,), intervals) = staged(lake, json_lines(tmp_path / "orders.json", order(1, ChargeDetails=TOTAL_ONLY[name])))
    assert (row["reading_wh"], intervals) == (10_000, [])


def test_the_same_order_again_is_a_duplicate_and_a_corrected_one_a_revision(lake: str, tmp_path: Path) -> None:
    told = [order(1), order(1, TotalMoney=11, Vin="OTHER"), order(1, TotalPower=9)]
    paths = [json_lines(tmp_path / f"{n}.json", record) for n, record in enumerate(told)]
    flow.ingest("tcec_charge_order", paths, lake, AT)
    assert fates(lake) == [("accepted", None), ("duplicate", None), ("accepted", None)]


def test_no_vehicle_number_leaves_its_landed_file(lake: str, tmp_path: Path) -> None:
    records = [*(order(n) for n in range(20)), order(99, TotalPower="none")]
    flow.ingest("tcec_charge_order", [json_lines(tmp_path / "orders.json", *records)], lake, AT)
    assert len(rows_of(lake, "quarantine")) == 1
    assert found_in(lake, ["VIN-OF"], but_not_below=("landing",)) == []
