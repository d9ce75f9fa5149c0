"""Another residual factor is another version, and nothing else: one folder, one line of the programme, its digest and its shadow.

All that is expected of it comes from tests/oracle/green.py with the other factor.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from chargeledger import asking, flow, version_check, versioning
from chargeledger.methodology import load
from tests.ledger.book import CN, Book
from tests.ledger.told import owner, station
from tests.methodology.other_residual import NEW, OLD, OTHER, SOLVED, draft
from tests.oracle import green
from tests.oracle.given import HOUR, Given, Interval, Session, SupplyHour, local_day

EAST, OPERATOR = "CN-GRID-EAST", "IN123456A"
AMOUNTS = ("energy_wh", "baseline_emissions_ng", "project_emissions_ng", "emission_reductions_ng")
AT, CLOSED = "2026-03-12T00:00:00Z", "2026-03-16T00:00:00Z"  # before and after all hours are matched
METERS = {f"{OPERATOR}AC01": ("AC", "ac_input"), f"{OPERATOR}DC01": ("DC", "dc_output")}
NOON = datetime(2026, 3, 9, 4, tzinfo=UTC)
ORDERS = [  # day, connector, Wh in each hour from noon on
    (day, connector, wh)
    for day in range(3)
    for connector, wh in zip(METERS, ((6_001, 4_000, 2_999), (30_000, 7_777)), strict=True)
]


def session(number: int, day: int, connector: str, told: tuple[int, ...]) -> Session:
    start = NOON + timedelta(days=day)
    parts = tuple(Interval(start + n * HOUR, start + (n + 1) * HOUR, wh) for n, wh in enumerate(told))
    window = start, start + len(told) * HOUR
    return Session(
        *(f"{OPERATOR}:{number:018}", *window, sum(told), *METERS[connector], parts, EAST),
        station_id=connector,
        operator_id=OPERATOR,
    )


SESSIONS = tuple(session(number, *told) for number, told in enumerate(ORDERS))


def supply(day: int) -> list[SupplyHour]:
    """On every day at the AC pile 4 kWh of PV at noon, and from one o'clock on a battery that gives 3 and takes in 6 kWh."""
    near = ("station", f"{OPERATOR}AC01", EAST)
    hours = NOON + timedelta(days=day), NOON + timedelta(days=day) + HOUR
    return [
        SupplyHour("ROOF", "pv", *near, hours[0], 4_000),
        SupplyHour("CELL", "battery", *near, hours[1], 3_000, None, 6_000, 2_000, 900),
    ]


SUPPLY = tuple(each for day in range(3) for each in supply(day))


def owed(parameters: green.Parameters, since: int, until: int) -> dict[str, tuple[int, ...]]:
    """Amounts by session of some days of March at the last clock."""
    given = Given(SESSIONS, {}, SUPPLY, datetime.fromisoformat(CLOSED))
    days = {s.session_id for s in SESSIONS if since <= local_day(s.ended_at).day <= until}
    told = green.assess(given, parameters=parameters)
    return {name: tuple(getattr(told[name].amounts, each) for each in (*AMOUNTS, "points")) for name in sorted(days)}


def orders() -> list[str]:
    def local(instant: datetime) -> str:
        return f"{instant + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"

    lines = []
    for each in SESSIONS:
        details = [
            {
                "DetailStartTime": local(p.started_at),
                "DetailEndTime": local(p.ended_at),
                "DetailPower": p.reading_wh / 1000,
            }
            for p in each.intervals
        ]
        told = {"StartChargeSeq": each.session_id.replace(":", ""), "ConnectorID": each.station_id, "StopReason": 0}
        told |= {"StartTime": local(each.started_at), "EndTime": local(each.ended_at), "SumPeriod": len(details)}
        told |= {
            "TotalElecMoney": 6.5,
            "TotalSeviceMoney": 4.0,
            "TotalMoney": 10.5,
            "TotalPower": each.reading_wh / 1000,
        }
        lines.append(json.dumps(told | {"ChargeDetails": details}))
    return lines


def supply_row(each: SupplyHour) -> dict[str, str]:
    told = {"supply_id": each.supply_id, "kind": each.supply_kind, "scope_kind": each.scope_kind, "operator": OPERATOR}
    told |= {"scope_id": each.scope_id, "region": each.region, "hour_start": each.hour_start.isoformat()}
    told |= {"generated_kwh": str(each.available_wh // 1000), "to_battery_kwh": "", "exported_kwh": "0"}
    if each.supply_kind == "pv":
        return told | {"to_battery_kwh": "0", "charged_kwh": "", "charged_from_pv_kwh": "", "round_trip_per_mille": ""} | {
            "no_transfer_declared": "true", "contract_id": ""
        }  # fmt: skip
    return told | {"charged_kwh": "6", "charged_from_pv_kwh": "2", "round_trip_per_mille": "900"} | {
        "no_transfer_declared": "", "contract_id": ""
    }  # fmt: skip


@pytest.fixture
def book(room: Path, tmp_path: Path) -> Book:
    """The charges of three days, with stations, owners and supply, under 3.0.0 alone."""
    set_lines(room, f"  - {{in_force_from: 2026-01-01, version: {OLD}}}\n")
    book = Book(tmp_path / "book")
    meters = [
        station(operator=OPERATOR, station_id=name, power_type=power, metering_point=point, rated_kw="60")
        for name, (power, point) in METERS.items()
    ]
    book.send("station_csv", *meters, at=AT)
    owners = [
        owner(operator=OPERATOR, order_number=f"{n:018}", account=f"driver-{n % 4}") for n in range(len(SESSIONS))
    ]
    book.send("session_owner_csv", *owners, at=AT)
    book.send("green_supply_csv", *map(supply_row, SUPPLY), at=AT)
    path = book.sent / "orders.jsonl"
    path.write_text("".join(f"{line}\n" for line in orders()), encoding="utf-8")
    flow.ingest("tcec_charge_order", [str(path)], book.lake, AT)
    return book


def set_lines(room: Path, lines: str) -> None:
    path = room / "programmes" / f"{CN}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?<=^methodology:\n)(?:  - .*\n)+", lines, text, flags=re.MULTILINE), encoding="utf-8")


def files(room: Path) -> dict[str, bytes]:
    return {str(path.relative_to(room)): path.read_bytes() for path in room.rglob("*") if path.is_file()}


def test_from_the_draft_to_the_ledger(book: Book, room: Path) -> None:
    before = files(room)
    first = book.account(at=AT)
    assert first["posted_entries"] == len(SESSIONS)
    folder = draft()
    assert [f for f in version_check.check(load(NEW, draft_allowed=True)) if not f.passed] == []
    versioning.publish(NEW)
    told = asking.shadow(book.lake, "2026-03-10..2026-03-11", NEW, CN, against=OLD, at=CLOSED, keep=True)
    now, then = (sum(each[-1] for each in owed(with_, 10, 11).values()) for with_ in (OTHER, green.DEFAULT))
    assert (told["totals"]["points"], told["totals"]["against_points"]) == (now, then) and now > then
    path = room / "programmes" / f"{CN}.yaml"
    programme = path.read_text(encoding="utf-8")
    old = f"  - {{in_force_from: 2026-01-01, version: {OLD}}}\n"
    line = f"  - {{in_force_from: 2026-03-10, version: {NEW}, restate: restate_open, shadow: {told['digest']}}}\n"
    path.write_text(programme.replace(old, old + line), encoding="utf-8")
    book.account(at=CLOSED)
    book.publish(at=CLOSED)
    held_to_the_oracle(book)
    nothing_else_changed(before, files(room), folder.name, told["digest"], line)


def held_to_the_oracle(book: Book) -> None:
    """The day before keeps 3.0.0, the days from the line on have the other residual; the ledger holds the same."""
    assert len(green.matches(Given(SESSIONS, {}, SUPPLY, datetime.fromisoformat(CLOSED)))) == 6, (
        "PV and battery of every day"
    )
    due = owed(green.DEFAULT, 9, 9) | owed(OTHER, 10, 11)
    rows = {row["session_id"]: row for row in book.published("session_assessment")}
    assert {name: tuple(int(row[each]) for each in (*AMOUNTS, "points")) for name, row in rows.items()} == due
    used = {row["vintage"]: row["methodology"] for row in rows.values()}
    assert used == {date(2026, 3, 9): OLD, date(2026, 3, 10): NEW, date(2026, 3, 11): NEW}
    posted: dict[str, int] = {}
    for entry in book.entries():
        posted[entry["session_id"]] = posted.get(entry["session_id"], 0) + entry["points"]
    assert posted == {name: amounts[-1] for name, amounts in due.items()}
    reasons = {entry["reason"] for entry in book.entries() if entry["vintage"] > date(2026, 3, 9)}
    assert "changed programme, new methodology" in reasons


def nothing_else_changed(before: dict[str, bytes], now: dict[str, bytes], folder: str, digest: str, line: str) -> None:
    """One folder, one line, the digest in published.yaml and the receipt."""
    programme = f"programmes/{CN}.yaml"
    added = {name for name in now.keys() - before.keys() if not name.startswith(f"{folder}/")}
    assert added == {f"shadows/{digest}.json"} and before.keys() <= now.keys()
    assert {name for name in before if before[name] != now[name]} == {programme, "published.yaml"}
    assert now[programme].decode().replace(line, "") == before[programme].decode()
    frozen = yaml.safe_load(now["published.yaml"])
    assert set(frozen.pop(NEW)) == {"digest", "prelude_digest", "published_on", "status"}
    assert frozen == yaml.safe_load(before["published.yaml"])
    old = {name for name in before if name.startswith("cn_ev_charging_3.0.0/")}
    twin = {name: name.replace("_3.0.0/", "_3.1.0/") for name in old}
    differing = {name.split("/", 1)[1] for name in old if before[name] != now[twin[name]]}
    assert differing == {
        "factors.csv",
        "methodology.yaml",
        "METHODOLOGY.md",
        *(f"cases/{name}.yaml" for name in SOLVED),
    }
