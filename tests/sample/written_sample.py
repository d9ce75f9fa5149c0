"""The files of a synthetic sample, read by plain Python: nothing of the package but the writer."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from chargeledger.synthetic import Asked, write_synthetic

AGGREGATOR = "SYNTH0009"


@dataclass(frozen=True)
class Order:
    """One line of an order file; `pairs_twice` where an object names a key twice."""

    file: str
    delivery: int
    line: str
    told: dict[str, Any]
    pairs_twice: bool

    @property
    def number(self) -> str:
        return str(self.told["StartChargeSeq"])

    @property
    def connector(self) -> str:
        return str(self.told["ConnectorID"])

    @property
    def energy(self) -> Decimal | None:
        """In kWh, where it is a number."""
        return self.told["TotalPower"] if isinstance(self.told["TotalPower"], Decimal) else None

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.told["StartTime"])

    @property
    def end(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.told["EndTime"])
        except ValueError:
            return None

    @property
    def content(self) -> tuple[Any, ...]:
        return self.number, self.start, self.end, self.energy


def read_line(text: str, file: str, delivery: int) -> Order:
    twice = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.append(len({key for key, _ in found}) < len(found))
        return dict(found)

    told = json.loads(text, parse_float=Decimal, parse_int=int, object_pairs_hook=pairs)
    return Order(file, delivery, text, told, any(twice))


class Written:
    """One sample on disk."""

    def __init__(self, folder: Path, **asked: Any) -> None:
        self.folder = folder
        self.manifest = write_synthetic(folder, Asked(**asked))
        self.expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))

    def files(self, source: str) -> list[tuple[str, int]]:
        """Paths and deliveries of a source, in the order of landing."""
        told = enumerate(self.manifest["deliveries"], start=1)
        return [(f["path"], number) for number, each in told for f in each["files"] if f["source"] == source]

    def rows(self, source: str) -> list[dict[str, str]]:
        found = []
        for path, _ in self.files(source):
            with open(self.folder / path, encoding="utf-8", newline="") as text:
                found += list(csv.DictReader(text))
        return found

    @cached_property
    def orders(self) -> list[Order]:
        found = []
        for path, delivery in self.files("tcec_charge_order"):
            text = (self.folder / path).read_text(encoding="utf-8")
            assert text.endswith("\n")
            found += [read_line(line, path, delivery) for line in text.splitlines()]
        return found

    @cached_property
    def stations(self) -> dict[str, dict[str, str]]:
        """Connectors as their operators tell them."""
        return {row["connector_id"]: row for row in self.rows("station_csv") if row["issuer"] == row["operator"]}

    @cached_property
    def owners(self) -> dict[str, str]:
        return {row["operator"] + row["order_number"]: row["account"] for row in self.rows("session_owner_csv")}
