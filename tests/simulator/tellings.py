"""What is told to a lake, by whom: tellings of charges, owners, stations, hours of the grid, each as a row of its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

Row = dict[str, str]


def text(instant: datetime | None) -> str:
    """ISO 8601 in UTC, or nothing."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


@dataclass(frozen=True)
class Telling:
    """What a party says of one of its orders, once. Without a region its station says where it is, and what."""

    issuer: str
    order: str
    revised: datetime | None
    account: str
    station: str
    connector: str
    region: str
    power_type: str
    metering_point: str
    rated_w: int | None
    start: datetime
    end: datetime
    kwh: str
    is_credit: bool = False

    @property
    def lineage(self) -> str:
        return f"{self.issuer}:{self.order}"

    @property
    def wh(self) -> int:
        return int(Decimal(self.kwh) * 1000 // 1)

    @property
    def content(self) -> tuple[object, ...]:
        """What an award can depend on."""
        meter = (self.power_type, self.metering_point, self.rated_w)
        return (self.region, *meter, self.start, self.end, self.wh, self.station, self.connector)

    def row(self) -> Row:
        return {
            "operator": self.issuer,
            "order_number": self.order,
            "revised_at": text(self.revised),
            "is_credit": "true" if self.is_credit else "",
            "account": self.account,
            "station_id": self.station,
            "connector_id": self.connector,
            "token": "",
            "region": self.region,
            "power_type": self.power_type,
            "metering_point": self.metering_point,
            "rated_kw": str(Decimal(self.rated_w) / 1000) if self.rated_w else "",
            "started_at": text(self.start),
            "ended_at": text(self.end),
            "energy_kwh": self.kwh,
        }


@dataclass(frozen=True)
class OwnerSaid:
    """The reward service says whose an order is."""

    lineage: str
    account: str

    def row(self) -> Row:
        operator, _, order = self.lineage.partition(":")
        told = {"operator": operator, "order_number": order}
        return told | {"token": "", "account": self.account, "known_since": ""}


@dataclass(frozen=True)
class StationSaid:
    """A station's operator says where a connector is, and what, from an instant on."""

    issuer: str
    station: str
    connector: str
    valid_from: datetime
    operator: str
    region: str
    power_type: str
    metering_point: str
    rated_w: int | None

    @property
    def key(self) -> tuple[object, ...]:
        return self.issuer, self.station, self.connector or "*", self.valid_from

    def row(self) -> Row:
        told = {"operator": self.operator, "issuer": self.issuer, "station_id": self.station}
        told |= {"connector_id": self.connector, "valid_from": text(self.valid_from), "region": self.region}
        told |= {"county_code": "", "power_type": self.power_type, "metering_point": self.metering_point}
        told |= {"rated_kw": str(Decimal(self.rated_w) / 1000) if self.rated_w else ""}
        return told | {"meter_class": "", "time_zone": "", "access": "public"}


@dataclass(frozen=True)
class HourSaid:
    """A grid operator says what an hour was generated from."""

    region: str
    hour: datetime
    mix: tuple[tuple[str, int], ...]
    is_estimated: bool = False

    @property
    def key(self) -> tuple[str, datetime]:
        return self.region, self.hour

    def row(self) -> Row:
        sources = ("coal", "gas", "oil", "nuclear", "hydro", "wind", "solar", "biomass", "geothermal", "unknown")
        told = dict(self.mix)
        row = {"region": self.region, "hour_start": text(self.hour)}
        row |= {f"{source}_mwh": str(told.get(source, "")) for source in sources}
        return row | {"is_estimated": "true" if self.is_estimated else ""}


Said = Telling | OwnerSaid | StationSaid | HourSaid
