"""Data contracts (Open Data Contract Standard v3): columns, row rules and batch rules of one relation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chargeledger import rooms
from chargeledger.document import read_yaml
from chargeledger.errors import Refused


@dataclass(frozen=True)
class Column:
    """One column: `sql_type` as DuckDB spells it; a provenance column says where a row stood, not what it says."""

    name: str
    sql_type: str
    required: bool
    is_provenance: bool
    description: str
    unit: str | None


@dataclass(frozen=True)
class RowRule:
    """A SQL predicate that is true of every accepted row."""

    rule_id: str
    predicate: str
    description: str


@dataclass(frozen=True)
class BatchRule:
    """A Great Expectations expectation on the batch's profile, or on the relation that it names.

    `tells`: other columns of that relation whose figures a finding repeats. `severity` is refuse_batch or warn; `key` is the
    column that names the rows that break it.
    """

    rule_id: str
    expectation: str
    kwargs: dict[str, Any]
    on: str
    description: str
    severity: str = "refuse_batch"
    key: str | None = None
    tells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """What may pass as one relation. Read from `data_contracts/<name>.yaml`."""

    name: str
    path: Path
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    row_rules: tuple[RowRule, ...]
    batch_rules: tuple[BatchRule, ...]
    custom: dict[str, Any]

    @property
    def file(self) -> str:
        """Path below the project, for messages."""
        return rooms.said(self.path)

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def digest_columns(self) -> list[Column]:
        """Columns that say something: without provenance, in contract order."""
        return [column for column in self.columns if not column.is_provenance]


def _custom(node: dict[str, Any]) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in node.get("customProperties", [])}


def _column(node: dict[str, Any]) -> Column:
    custom = _custom(node)
    return Column(
        name=node["name"],
        sql_type=node["physicalType"],
        required=bool(node.get("required", False)),
        is_provenance=bool(custom.get("provenance", False)),
        description=node["description"],
        unit=custom.get("unit"),
    )


def _batch_rule(node: dict[str, Any]) -> BatchRule:
    how = node["implementation"]
    return BatchRule(
        rule_id=node["id"],
        expectation=how["type"],
        kwargs=how["kwargs"],
        on=how.get("relation", "profile"),
        description=node["description"],
        severity=node["severity"],
        key=how.get("key"),
        tells=tuple(how.get("tells", ())),
    )


@cache
def read_contract(path: Path) -> Contract:
    """Read one ODCS file. Raises Refused where it is not one."""
    try:
        document = read_yaml(path)
        schema = document["schema"][0]
        quality = schema.get("quality", [])
        keyed = [p for p in schema["properties"] if p.get("primaryKey")]
        return Contract(
            name=document["name"],
            path=path,
            description=schema["description"],
            columns=tuple(_column(p) for p in schema["properties"]),
            key=tuple(p["name"] for p in sorted(keyed, key=lambda p: p["primaryKeyPosition"])),
            row_rules=tuple(
                RowRule(q["id"], q["implementation"], q["description"]) for q in quality if q["engine"] == "row"
            ),
            batch_rules=tuple(_batch_rule(q) for q in quality if q["engine"] == "greatExpectations"),
            custom=_custom(document),
        )
    except (KeyError, IndexError, TypeError, yaml.YAMLError) as error:
        raise Refused(f"{path.name} is not a data contract (ODCS v3): {error!r}") from error


def contract(relation: str) -> Contract:
    """The contract of a relation of the project."""
    return read_contract(rooms.CONTRACTS / f"{relation}.yaml")
