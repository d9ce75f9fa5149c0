"""Intervals that an operator meters decide what a charge is worth, and other intervals of the same total change it (2.0.0).

Paper: 10 kWh AC from 04:30 to 06:30 UTC are BE = 9 126 312 000 000 ng. Hours of 40, 60 and 80 % fossil generation: 330 920 000,
496 380 000 and 661 840 000 ug/kWh.
  2 + 6 + 2 kWh, a part in each hour     PE =   661 840 + 2 978 280 + 1 323 680 = 4 963 800 x 10^6 ng   4 162 points   DQ1
  6 + 2 + 2 kWh                          PE = 1 985 520 +   992 760 + 1 323 680 = 4 301 960 x 10^6      4 824          DQ1
  8 kWh in the first 90 minutes, then 2  PE = 3 971 040             + 1 323 680 = 5 294 720 x 10^6      3 831          DQ2
  the total alone: the dirtiest hour     PE = 6 618 400 x 10^6                                          2 507          DQ3
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chargeledger import flow
from tests.ledger.hourly_book import EAST, EVENING, HOUR, NOON, HourlyBook, mixed, of_version
from tests.ledger.told import owner, station
from tests.oracle.given import Interval, Session

START = NOON + HOUR / 2
ORDER, CDR = "IN123456A:000000000000000001", "NL*INV:R1"
Parts = list[tuple[int, int, int]]  # from and to in minutes after the start, Wh
THIRDS: Parts = [(0, 30, 2_000), (30, 90, 6_000), (90, 120, 2_000)]
EARLY: Parts = [(0, 30, 6_000), (30, 90, 2_000), (90, 120, 2_000)]
LONG: Parts = [(0, 90, 8_000), (90, 120, 2_000)]
REVISIONS = [(THIRDS, "DQ1", 4162), (EARLY, "DQ1", 4824), (LONG, "DQ2", 3831), ([], "DQ3", 2507), (THIRDS, "DQ1", 4162)]


version = of_version("cn_ev_charging@2.0.0")


@pytest.fixture
def book(tmp_path: Path) -> HourlyBook:
    """The three hours, the stations of both operators and the owners of both charges."""
    book = HourlyBook(tmp_path / "book")
    book.grid({(EAST, NOON + n * HOUR): mixed(percent) for n, percent in enumerate((40, 60, 80))})
    book.tell(
        "station_csv",
        station(operator="IN123456A", station_id="IN123456ACON0001"),
        station(operator="NL*INV", station_id="LOC1"),
        at=EVENING,
    )
    order = ORDER.partition(":")[2]
    owners = owner(operator="IN123456A", order_number=order), owner(operator="NL*INV", order_number="R1")
    book.tell("session_owner_csv", *owners, at=EVENING)
    return book


def local(minute: int) -> str:
    return f"{START + timedelta(hours=8, minutes=minute):%Y-%m-%d %H:%M:%S}"


def kwh(wh: int) -> float:
    return wh / 1000


def charge_order(parts: Parts, number: int) -> dict[str, Any]:
    details = [
        {"DetailStartTime": local(since), "DetailEndTime": local(until), "DetailPower": kwh(wh)}
        for since, until, wh in parts
    ]
    told = {"StartChargeSeq": ORDER.replace(":", ""), "ConnectorID": "IN123456ACON0001", "TotalPower": 10.0}
    told |= {"StartTime": local(0), "EndTime": local(120), "TotalElecMoney": 6.5, "TotalSeviceMoney": 4.0}
    return told | {"TotalMoney": 10.5, "StopReason": 0, "SumPeriod": len(details), "ChargeDetails": details}


def record(parts: Parts, number: int) -> dict[str, Any]:
    def instant(minute: int) -> str:
        return f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"

    periods = [
        {"start_date_time": instant(since), "dimensions": [{"type": "ENERGY", "volume": kwh(wh)}]}
        for since, _, wh in parts
    ]
    place = {"id": "loc1", "evse_uid": "e1", "connector_id": "2", "connector_power_type": "AC_3_PHASE"}
    told = {"country_code": "nl", "party_id": "inv", "id": "r1", "cdr_location": place, "cdr_token": {"uid": "t"}}
    told |= {"start_date_time": instant(0), "end_date_time": instant(120), "charging_periods": periods}
    return told | {"total_energy": 10.0, "total_time": 2.0, "last_updated": instant(200 + number)}


def send(book: HourlyBook, source: str, told: dict[str, Any], at: datetime) -> dict[str, Any]:
    path = book.sent / f"{len(list(book.sent.iterdir())):03}_{source}.jsonl"
    path.write_text(json.dumps(told) + "\n", encoding="utf-8")
    return flow.ingest(source, [str(path)], book.lake, at.isoformat())[0]


def oracle_session(lineage: str, parts: Parts) -> Session:
    minute = timedelta(minutes=1)
    told = tuple(Interval(START + since * minute, START + until * minute, wh) for since, until, wh in parts)
    return Session(lineage, START, START + 2 * HOUR, 10_000, intervals=told, region=EAST)


@pytest.mark.parametrize(
    ("source", "lineage", "tell", "revisions"),
    [("tcec_charge_order", ORDER, charge_order, REVISIONS[:-1]), ("ocpi_cdr", CDR, record, REVISIONS)],
    ids=["T/CEC orders", "OCPI records"],
)
def test_a_revision_with_the_same_total_and_other_intervals_changes_tier_and_award(
    book: HourlyBook, source: str, lineage: str, tell: Callable[[Parts, int], dict[str, Any]], revisions: list[Any]
) -> None:
    """An order does not say when it was revised, so what was told before it is a repetition; a record does."""
    posted = 0
    for number, (parts, tier, points) in enumerate(revisions):
        at = EVENING + number * HOUR
        assert send(book, source, tell(parts, number), at)["rows_accepted"] == 1
        assert book.run(at)["touched"] == 1
        kind = ("adjustment", "corrected session") if number else ("issuance", "first assessment")
        assert book.changes(lineage)[-1] == (points - posted, *kind)
        assert (book.session(lineage)["data_quality_tier"], book.session(lineage)["points"]) == (tier, points)
        book.told = {lineage: oracle_session(lineage, parts)}
        book.is_as_the_oracle_says(at)
        posted = points
    assert len(book.changes(lineage)) == len(revisions)


def test_an_hour_is_the_longest_interval_whose_timing_is_known(book: HourlyBook) -> None:
    """3 600 s across an hour's edge are DQ1, a second more is DQ2; the rest of the charge is the same."""
    tiers = []
    for number, seconds in enumerate((3_600, 3_601)):
        told = charge_order([(0, 60, 10_000)], number)
        end = START + timedelta(hours=8, seconds=seconds)
        told["ChargeDetails"][0]["DetailEndTime"] = f"{end:%Y-%m-%d %H:%M:%S}"
        send(book, "tcec_charge_order", told, EVENING + number * HOUR)
        book.run(EVENING + number * HOUR)
        tiers.append(book.session(ORDER)["data_quality_tier"])
        whole = oracle_session(ORDER, [(0, 60, 10_000)])
        last = replace(whole.intervals[0], ended_at=START + timedelta(seconds=seconds))
        book.told = {ORDER: replace(whole, intervals=(last,))}
        book.is_as_the_oracle_says(EVENING + number * HOUR)
    assert tiers == ["DQ1", "DQ2"]
