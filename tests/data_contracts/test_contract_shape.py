"""Every contract is an Open Data Contract Standard v3 document that says what its columns are and what is true of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import great_expectations.expectations as gxe
import pytest
import yaml

from chargeledger.awarding import KNOWN
from chargeledger.lake import STAGED
from chargeledger.publication import RELATIONS

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "data_contracts"
FILES = sorted(CONTRACTS.glob("*.yaml"))
SOURCES = sorted((CONTRACTS / "sources").glob("*.yaml"))
LOGICAL = {
    "VARCHAR": "string",
    "text": "string",
    "BIGINT": "integer",
    "DECIMAL(38,0)": "number",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "DATE": "date",
    "BOOLEAN": "boolean",
}
UNITS = {
    "_wh": "Wh",
    "_ng": "ng",
    "_w": "W",
    "_pwh": "pWh",
    "_ug_per_kwh": "ug/kWh",
    "points": "point",
    "_after": "point",
}
ENGINES = {"row": {"quarantine"}, "greatExpectations": {"refuse_batch", "warn"}}


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def breaches(document: dict[str, Any], stem: str, is_source: bool = False) -> list[str]:
    """What keeps a document from being a contract of this project."""
    found = []
    if not re.fullmatch(r"v3\.\d+\.\d+", str(document.get("apiVersion"))):
        found.append("apiVersion is not v3")
    if document.get("kind") != "DataContract" or document.get("status") != "active":
        found.append("kind or status")
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(document.get("version"))):
        found.append("version")
    if not document.get("description", {}).get("purpose"):
        found.append("says no purpose")
    schemas = document.get("schema", [])
    if len(schemas) != 1 or {document.get("id"), document.get("name"), schemas[0].get("name")} != {stem}:
        return [*found, "is not named like its file"]
    if "row" not in schemas[0].get("description", ""):
        found.append("does not say what one row is")
    names = [p.get("name") for p in schemas[0].get("properties", [])]
    if not names or len(names) != len(set(names)):
        found.append("has no columns, or one twice")
    for column in schemas[0].get("properties", []):
        found += [f"{column.get('name')}: {said}" for said in column_breaches(column, is_source)]
    places = sorted(p["primaryKeyPosition"] for p in schemas[0]["properties"] if p.get("primaryKey"))
    if not is_source and places != list(range(1, len(places) + 1) or [0]):
        found.append("has no key, or a key with a gap")
    rules = schemas[0].get("quality", [])
    ids = [rule.get("id") for rule in rules]
    if len(ids) != len(set(ids)):
        found.append("has a rule id twice")
    return found + [f"{rule.get('id')}: {said}" for rule in rules for said in rule_breaches(rule)]


def column_breaches(column: dict[str, Any], is_source: bool) -> list[str]:
    found = [f"no {key}" for key in ("name", "logicalType", "physicalType", "description") if not column.get(key)]
    if LOGICAL.get(column.get("physicalType", "")) != column.get("logicalType"):
        found.append("types do not agree")
    if "required" not in column:
        found.append("does not say whether it is required")
    unit = {item["property"]: item["value"] for item in column.get("customProperties", [])}.get("unit")
    owed = next((UNITS[end] for end in UNITS if str(column.get("name")).endswith(end)), None)
    return found + ([] if is_source or owed is None or unit == owed else [f"unit {unit}, owes {owed}"])


def rule_breaches(rule: dict[str, Any]) -> list[str]:
    found = [f"no {key}" for key in ("id", "description", "implementation") if not rule.get(key)]
    if rule.get("type") != "custom" or rule.get("severity") not in ENGINES.get(rule.get("engine", ""), set()):
        found.append("type, engine and severity do not agree")
    how = rule.get("implementation")
    if rule.get("engine") == "greatExpectations" and isinstance(how, dict):
        name = "".join(part.capitalize() for part in how["type"].split("_"))
        if not hasattr(gxe, name):
            found.append(f"no expectation {how['type']}")
    elif not isinstance(how, str):
        found.append("a row rule is a predicate")
    return found


def test_every_staged_and_published_relation_has_a_contract() -> None:
    # The staged relations and the four of the border that are built today, and what a version is given and what a run keeps.
    owed = {*STAGED, *RELATIONS, "session", "session_hour", "session_award", "session_state", "vintage_state"}
    owed |= {"charging_session", "session_owner", "grid_mix_hour", "grid_intensity_hour", "session_assessment"}
    owed |= {"quarantine", "ledger_entry", "user_points", "session_status", "vintage", "published_assessment"}
    assert owed - {path.stem for path in FILES} == set()


GIVEN = ("parameter", "factor", "reward_rule", "match_rule", "run_clock")


@pytest.mark.parametrize("relation", [*GIVEN, "green_supply", "match_hour_due", *KNOWN])
def test_what_crosses_the_border_into_a_version_has_a_contract(relation: str) -> None:
    assert (CONTRACTS / f"{relation}.yaml").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_contract_has_the_shape(path: Path) -> None:
    assert breaches(read(path), path.stem) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_source_definition_has_the_shape_and_its_sql(path: Path) -> None:
    document = read(path)
    assert breaches(document, path.stem, is_source=True) == []
    custom = {item["property"]: item["value"] for item in document["customProperties"]}
    assert custom.keys() >= {"reader", "relations", "zone", "units", "identity", "constants"}
    folder = ROOT / "transforms" / "sources" / custom.get("sqlOf", path.stem)
    assert {f"{relation}.sql" for relation in custom["relations"]} <= {p.name for p in folder.glob("*.sql")}
    personal = {p["name"] for p in document["schema"][0]["properties"] if p.get("classification") == "personal"}
    assert personal == set(custom["identity"]), "every personal column becomes a pseudonym, and no other does"


def change(path: str, value: Any = None) -> Callable[[dict[str, Any]], None]:
    """Set, or with None remove, the value at a path such as schema/0/properties/0/description."""

    def apply(document: dict[str, Any]) -> None:
        *parents, last = (int(part) if part.lstrip("-").isdigit() else part for part in path.split("/"))
        node: Any = document
        for part in parents:
            node = node[part]
        if value is None:
            del node[last]
        else:
            node[last] = value

    return apply


PLANTED = {
    "apiVersion": change("apiVersion", "v2.2.2"),
    "kind": change("kind", "Table"),
    "version": change("version", "one"),
    "no purpose": change("description/purpose"),
    "not named": change("id", "sessions"),
    "what one row": change("schema/0/description", "sessions"),
    "one twice": change("schema/0/properties/1/name", "session_id"),
    "no description": change("schema/0/properties/9/description"),
    "types do not agree": change("schema/0/properties/9/physicalType", "DOUBLE"),
    "unit": change("schema/0/properties/11/customProperties", [{"property": "unit", "value": "kWh"}]),
    "required": change("schema/0/properties/9/required"),
    "key": change("schema/0/properties/0/primaryKeyPosition", 2),
    "rule id twice": change("schema/0/quality/1/id", "order_told"),
    "order_told: no description": change("schema/0/quality/0/description"),
    "order_told: type": change("schema/0/quality/0/engine", "soda"),
    "no expectation": change("schema/0/quality/-1/implementation/type", "expect_the_best"),
}


@pytest.mark.parametrize("said", PLANTED)
def test_a_planted_breach_of_the_shape_is_found(said: str) -> None:
    document = copy.deepcopy(read(CONTRACTS / "charging_session.yaml"))
    assert breaches(document, "charging_session") == []
    PLANTED[said](document)
    assert any(said in found for found in breaches(document, "charging_session"))


def source_rows(text: str) -> dict[str, str]:
    """The last cell of each row of tables, by the names in its first cell."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {name: cells[-1] for cells in rows for name in re.findall(r"`(\w+)`", cells[0])}


def test_the_room_tells_every_source_and_what_its_rows_become() -> None:
    told = (CONTRACTS / "README.md").read_text(encoding="utf-8")
    becomes = source_rows(told.partition("\n## The sources\n")[2].partition("\n## ")[0])
    files = source_rows(told.partition("\n## Files of operators and cities\n")[2].partition("\n## ")[0])
    assert becomes.keys() | files.keys() == {path.stem for path in SOURCES}
    for name, cell in becomes.items():
        properties = read(CONTRACTS / "sources" / f"{name}.yaml")["customProperties"]
        (relations,) = (each["value"] for each in properties if each["property"] == "relations")
        assert re.findall(r"`(\w+)`", cell) == relations, name
