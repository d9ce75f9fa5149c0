"""Books of the green-power version: charges, supply and certificates as landed rows, and as the oracle is given them.

The programme is the Chinese one with 3.0.0 as its only line, in a room of methodologies of the test's own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from chargeledger import flow, rooms
from tests.ledger.book import Book
from tests.ledger.told import charged, station
from tests.oracle.given import PROGRAMME_ZONE, Given, Interval, MixHour, Session, SupplyHour

Row = dict[str, Any]
Matched = dict[tuple[str, datetime, str], int]  # Wh by session, hour and supply
OP, OTHER = "OPERATOR1", "OPERATOR2"
REGION, CN = "CN-GRID-EAST", "cn_green_energy"
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)  # 12:00 in Shanghai
CLOSE = NOON + 73 * HOUR
SOON = NOON + 2 * HOUR
UNMATCHED, MATCHED = 303_031_200, 912_631_200  # ng per Wh: 912 631 200 less 609 600 000, and less nothing
METERS = {"ac_input": "AC", "dc_output": "DC"}


def adopt(folder: Path, version: str = "3.0.0", **said: Any) -> Path:
    """A copy of methodology/ in which the Chinese programme has this one version, and whatever else is said of it."""
    room = Path(shutil.copytree(rooms.METHODOLOGY, folder / "methodology"))
    path = room / "programmes" / f"{CN}.yaml"
    kept, skipping = [f"{word}: {value}" for word, value in said.items()], False
    for line in path.read_text(encoding="utf-8").splitlines():
        skipping = skipping and line.startswith("  ")
        if line == "methodology:":
            skipping = True
            kept += [
                line,
                f"  - {{in_force_from: 2026-01-01, version: cn_ev_charging@{version}, adopted: at the start}}",
            ]
        elif not skipping and line.partition(":")[0] not in said:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return room


@dataclass(frozen=True)
class Charge:
    """A charge metered hour by hour: `parts` in Wh from `start` on, without a gap; the last one is `minutes` long."""

    order: int
    parts: tuple[int, ...]
    start: datetime = NOON
    account: str = "alice"
    place: str = "P1"
    operator: str = OP
    meter: str = "ac_input"
    minutes: int = 60
    issuer: str = ""  # who numbers the orders, where it is not the operator

    @property
    def by(self) -> str:
        return self.issuer or self.operator

    @property
    def session_id(self) -> str:
        return f"{self.by}:{self.order:018d}"

    @property
    def ended(self) -> datetime:
        return self.start + (len(self.parts) - 1) * HOUR + timedelta(minutes=self.minutes)

    def spans(self) -> list[tuple[datetime, datetime, int]]:
        starts = [self.start + number * HOUR for number in range(len(self.parts))]
        return [(at, min(at + HOUR, self.ended), wh) for at, wh in zip(starts, self.parts, strict=True)]

    def told(self) -> Row:
        """The order of T/CEC 102, with one detail an hour."""
        details = [
            {"DetailStartTime": _beijing(begin), "DetailEndTime": _beijing(end), "DetailPower": _kwh(wh)}
            for begin, end, wh in self.spans()
        ]
        return {
            "StartChargeSeq": f"{self.by}{self.order:018d}",
            "ConnectorID": self.place,
            "StartTime": _beijing(self.start),
            "EndTime": _beijing(self.ended),
            "TotalPower": _kwh(sum(self.parts)),
            "SumPeriod": len(details),
            "ChargeDetails": details,
        }

    def given(self) -> Session:
        """The same as the oracle has it; a station is known by its operator and its own name."""
        return Session(
            self.session_id,
            self.start,
            self.ended,
            sum(self.parts),
            METERS[self.meter],
            self.meter,
            tuple(Interval(*span) for span in self.spans() if span[2]),
            region=REGION,
            station_id=f"{self.operator} {self.place}",
            operator_id=self.operator,
        )


@dataclass(frozen=True)
class Supply:
    """Green supply of one hour, beneath a scope; what is charged is of batteries alone."""

    name: str
    wh: int
    hour: datetime = NOON
    kind: str = "contract"
    scope: str = "programme"
    scope_id: str = CN
    operator: str = OP
    region: str = REGION
    charged_wh: int = 0
    from_pv_wh: int = 0
    round_trip: int = 900
    contract: str = "K1"

    def told(self) -> Row:
        battery = self.kind == "battery"
        return {
            "supply_id": self.name,
            "kind": self.kind,
            "scope_kind": self.scope,
            "scope_id": self.scope_id,
            "operator": "" if self.scope == "programme" else self.operator,
            "region": self.region,
            "hour_start": self.hour.isoformat(),
            "generated_kwh": _kwh(self.wh),
            "to_battery_kwh": "0" if self.kind == "pv" else "",
            "exported_kwh": "" if self.kind == "contract" else "0",
            "charged_kwh": _kwh(self.charged_wh) if battery else "",
            "charged_from_pv_kwh": _kwh(self.from_pv_wh) if battery else "",
            "round_trip_per_mille": str(self.round_trip) if battery else "",
            "no_transfer_declared": "true" if self.kind == "pv" else "",
            "contract_id": self.contract if self.kind == "contract" else "",
        }

    def given(self) -> SupplyHour:
        scope_id = f"{self.operator} {self.scope_id}" if self.scope == "station" else self.scope_id
        charged = (self.charged_wh, self.from_pv_wh, self.round_trip) if self.kind == "battery" else (0, 0, None)
        return SupplyHour(self.name, self.kind, self.scope, scope_id, self.region, self.hour, self.wh, None, *charged)


class GreenBook(Book):
    """A book that takes charges and supply, and keeps what the oracle is given of them."""

    def charges(self, *charges: Charge, at: datetime = SOON) -> Row:
        """Stations first, then owners, then the orders."""
        self.places(*charges, at=at)
        self.owners(*charges, at=at)
        return self.orders(*charges, at=at)

    def places(self, *charges: Charge, at: datetime = SOON) -> None:
        """The stations of these charges alone."""
        places = sorted({(each.operator, each.issuer, each.place, each.meter) for each in charges})
        rows = [
            station(
                operator=o, issuer=i, station_id=p, region=REGION, power_type=METERS[m], metering_point=m, rated_kw=""
            )
            for o, i, p, m in places
        ]
        self.send("station_csv", *rows, at=at.isoformat())

    def owners(self, *charges: Charge, at: datetime = SOON) -> None:
        """The owners of these charges alone, those that have one."""
        owned = [
            {"operator": c.by, "order_number": f"{c.order:018d}", "token": "", "account": c.account, "known_since": ""}
            for c in charges
            if c.account
        ]
        if owned:
            self.send("session_owner_csv", *owned, at=at.isoformat())

    def orders(self, *charges: Charge, at: datetime = SOON) -> Row:
        """These charges as their operators tell them, in one file."""
        path = self.sent / f"{len(list(self.sent.iterdir())):03d}_orders.json"
        path.write_text("".join(json.dumps(each.told()) + "\n" for each in charges), encoding="utf-8")
        return flow.ingest("tcec_charge_order", [str(path)], self.lake, at.isoformat())[0]

    def supply(self, *supply: Supply, at: datetime = SOON) -> Row:
        return self.send("green_supply_csv", *[each.told() for each in supply], at=at.isoformat())

    def withdraw(self, charge: Charge, at: datetime) -> Row:
        """A credit of the same order."""
        row = charged(
            f"{charge.order:018d}",
            operator=charge.by,
            is_credit="true",
            region=REGION,
            station_id=charge.place,
            account="",
        )
        return self.send("session_csv", row, at=at.isoformat())

    def certificates(self, *rows: Row, at: datetime) -> Row:
        return self.send("certificate_csv", *rows, at=at.isoformat())

    def mix(self, hours: Mapping[datetime, Mapping[str, int]], at: datetime = SOON) -> Row:
        """Generation in MWh by source."""
        names = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
        rows = [
            {"region": REGION, "hour_start": hour.isoformat()}
            | {f"{name}_mwh": str(told.get(name, "")) for name in names}
            for hour, told in hours.items()
        ]
        return self.send("grid_mix_csv", *rows, at=at.isoformat())

    def settle(self, at: datetime) -> Row:
        """Account at an instant."""
        return self.account(at=at.isoformat())

    def matched(self) -> Matched:
        """Every match that the ledger holds, none of them twice."""
        rows = self.rows_of("energy_match")
        found = {(row["session_id"], row["hour_start"], row["supply_id"]): row["matched_wh"] for row in rows}
        assert len(found) == len(rows)
        return found

    def rows_of(self, relation: str) -> list[Row]:
        """Every row of a state relation, in the order of the commits."""
        return [row for commit in range(len(self.commits())) for row in self.rows_in(commit, relation)]

    def rows_in(self, commit: int, relation: str) -> list[Row]:
        receipt = self.commits()[commit]["receipt"]
        path = self.root / "ledger" / "state" / relation / f"{receipt}.parquet"
        return pq.read_table(path).to_pylist() if path.exists() else []

    def reductions(self) -> dict[str, int | None]:
        """Reductions of every session, in ng."""
        states = self.states("session_state", "session_id")
        return {key: _whole(row["emission_reductions_ng"]) for key, row in states.items()}

    def points(self) -> dict[str, int]:
        """Points by session, folded from the entries by hand."""
        held: dict[str, int] = {}
        for entry in self.entries():
            held[entry["session_id"]] = held.get(entry["session_id"], 0) + entry["points"]
        return held


def worth(wh: int, matched_wh: int) -> int:
    """Reductions in ng of an AC charge of which so much is matched."""
    return (wh - matched_wh) * UNMATCHED + matched_wh * MATCHED


def given(
    charges: Iterable[Charge],
    supply: Iterable[Supply],
    clock: datetime,
    mix: Mapping[datetime, Mapping[str, int]] | None = None,
) -> Given:
    """All of it, as the oracle is given it."""
    told = {(REGION, hour): MixHour(dict(generation)) for hour, generation in (mix or {}).items()}
    return Given(tuple(c.given() for c in charges), told, tuple(s.given() for s in supply), clock)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _beijing(instant: datetime) -> str:
    return instant.astimezone(PROGRAMME_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _kwh(wh: int) -> str:
    return f"{wh // 1000}.{wh % 1000:03d}"
