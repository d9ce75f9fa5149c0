"""Methodology versions: reading a version folder, its digest, and the refusal of a published folder that was changed."""

from __future__ import annotations

import ast
import csv
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from chargeledger import rooms
from chargeledger.contract import contract
from chargeledger.document import read_yaml
from chargeledger.engine import PRELUDE
from chargeledger.errors import Refused, UsageError
from chargeledger.relations import Relations

STEP_RELATION = {
    "split": "interval_hour",
    "intensity": "grid_intensity_hour",
    "location": "location_intensity_hour",
    "settle": "session_match",
    "allocate": "session_hour",
    "assess": "session_assessment",
    "award": "session_award",
}
# Of each engine: its words, and how it counts the hours of a session.
PRELUDES = {"duckdb": ("duckdb.sql", "hour_offset.sql"), "spark": ("spark.sql", "spark_hour_offset.sql")}
PARAMETER_COLUMNS = "name VARCHAR, power_type VARCHAR, value BIGINT, valid_from DATE, valid_until DATE"
FACTOR_COLUMNS = (
    "region VARCHAR, source VARCHAR, factor_ug_per_kwh BIGINT, valid_from DATE, valid_until DATE, data_year VARCHAR"
)


@dataclass(frozen=True)
class Methodology:
    """One version, as found in its folder."""

    folder: Path
    identity: dict[str, Any]
    inputs: dict[str, dict[str, Any]]
    parameters: tuple[dict[str, Any], ...]
    factors: tuple[dict[str, str], ...]

    @property
    def name(self) -> str:
        """`id@version`."""
        return f"{self.identity['id']}@{self.identity['version']}"

    @property
    def steps(self) -> list[str]:
        return list(self.identity["steps"])

    @property
    def matching(self) -> list[str]:
        """SQL of the matching, in order; none where the version matches no supply."""
        return list(self.identity.get("matching", []))

    @property
    def sql_names(self) -> list[str]:
        """Every SQL file of the folder that is run."""
        return [*self.steps, *self.matching]

    @property
    def gives(self) -> list[str]:
        """The relations that its steps make."""
        return [STEP_RELATION[step] for step in self.steps]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the name and content of every file of the folder."""
        listed = (
            f"{path.relative_to(self.folder).as_posix()}\t{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        )
        return hashlib.sha256("".join(sorted(listed)).encode()).hexdigest()

    @cached_property
    def prelude_digests(self) -> dict[str, str]:
        """SHA-256 over the prelude functions that the steps use, and those that these use, per engine."""
        return {engine: self._prelude_digest(*files) for engine, files in PRELUDES.items()}

    def _prelude_digest(self, words_of: str, offsets: str) -> str:
        functions = prelude_functions(PRELUDE / words_of)
        text = "\n".join((self.folder / f"{name}.sql").read_text(encoding="utf-8") for name in self.sql_names)
        called, used = re.compile(r"\b(\w+)\s*\("), set[str]()
        while fresh := {name for name in called.findall(text) if name in functions} - used:
            used |= fresh
            text += "\n" + "\n".join(functions[name] for name in fresh)
        words = [functions[name] for name in sorted(used)]
        if "hour_offset" in text:
            words.append((PRELUDE / offsets).read_text(encoding="utf-8"))
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    def with_input(self, name: str, value: str) -> Methodology:
        """The same version with another value of one input, its parameters derived again."""
        if name not in self.inputs:
            raise UsageError(f"{self.name} has no input '{name}': it has {', '.join(sorted(self.inputs))}")
        inputs = {**self.inputs, name: {**self.inputs[name], "value": value}}
        known = {key: Fraction(entry["value"]) for key, entry in inputs.items()}
        parameters = tuple({**p, "value": derive(p["derivation"], known)} for p in self.parameters)
        return replace(self, inputs=inputs, parameters=parameters)

    @property
    def vehicle_classes(self) -> list[str]:
        """Classes that the version is for; the first is the one assumed of a vehicle whose class nobody tells."""
        return list(self.identity["applicability"].get("vehicle_classes", ["light_duty"]))

    @property
    def needs_county(self) -> bool:
        """Whether a session waits until the county of its station is known."""
        return bool(self.identity["applicability"].get("needs_county", False))

    @property
    def county_prefixes(self) -> list[str]:
        """Beginnings of the county codes that the version knows; none where it needs no county."""
        if not self.needs_county:
            return []
        with open(self.folder / "province.csv", encoding="utf-8", newline="") as rows:
            return [row["county_prefix"] for row in csv.DictReader(rows)]

    def table_row(self, table: str, column: str, value: str) -> dict[str, str]:
        """The row of one of its own tables in which a column has a value. Raises Refused where there is none."""
        with open(self.folder / f"{table}.csv", encoding="utf-8", newline="") as rows:
            found = next((row for row in csv.DictReader(rows) if row[column] == value), None)
        if found is None:
            raise Refused(f"{self.folder.name}/{table}.csv has no {column} '{value}'")
        return found

    def value_of(self, name: str) -> int | None:
        """The value of a parameter that holds for every kind of power, such as `fallback_window_h`; None where there is none."""
        return next((int(p["value"]) for p in self.parameters if p["name"] == name), None)

    def load_into(self, engine: Relations) -> None:
        """Create the relations `parameter` and `factor`, and the tables of its own that the version lists, all text."""
        for table in self.identity.get("tables", []):
            engine.load_texts(table, self.folder / f"{table}.csv")
        engine.load_rows(
            "parameter",
            PARAMETER_COLUMNS,
            [(p["name"], p["power_type"], p["value"], p["valid_from"], p["valid_until"]) for p in self.parameters],
        )
        engine.load_rows(
            "factor",
            FACTOR_COLUMNS,
            [
                (
                    f["region"],
                    f["source"],
                    int(f["factor_ug_per_kwh"]),
                    f["valid_from"],
                    f["valid_until"] or None,
                    f["data_year"],
                )
                for f in self.factors
            ],
        )

    def match(self, engine: Relations) -> None:
        """Match the supply of `match_hour_due` with the demand of the competing sessions, turn by turn, into `energy_match`."""
        self.load_into(engine)
        engine.load_hour_offsets()
        engine.table("interval_hour", self.folder / "split.sql", contract("interval_hour"))
        for relation in ("demand", "pool"):
            engine.table(f"match_{relation}", self.folder / f"{relation}.sql")
        empty(engine, "energy_match_so_far", "energy_match")
        for row in engine.rows("SELECT DISTINCT turn FROM match_pool ORDER BY turn"):
            engine.load_rows("match_turn", "turn BIGINT", [(row["turn"],)])
            engine.table("match_of_turn", self.folder / "match.sql")
            engine.add("energy_match_so_far", "SELECT * FROM match_of_turn")

    def run(self, engine: Relations, skip: tuple[str, ...] = ()) -> None:
        """Run the steps in order on the border relations in the engine; hold each result against its contract."""
        self.load_into(engine)
        engine.load_hour_offsets()
        for step in self.steps:
            if step in skip:
                continue
            relation = STEP_RELATION[step]
            engine.table(relation, self.folder / f"{step}.sql")
            if step == "intensity":
                engine.keep(relation, f"SELECT '{self.name}' AS methodology, * FROM {relation}")
            engine.complete(contract(relation), relation)
            engine.hold_to(contract(relation), relation)


def empty(engine: Relations, relation: str, owed: str) -> None:
    """Create a relation without rows, with the columns of a contract that say something."""
    columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in contract(owed).digest_columns)
    engine.load_rows(relation, columns, [])


def prelude_functions(path: Path) -> dict[str, str]:
    """Name and text of every function of a prelude, comments and layout aside."""
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    statements = (" ".join(part.split()) for part in text.split(";"))
    create = re.compile(r"CREATE (?:OR REPLACE MACRO|TEMPORARY FUNCTION) (\w+)")
    found = ((create.match(statement), statement) for statement in statements)
    return {match.group(1): statement for match, statement in found if match}


def derive(formula: str, inputs: Mapping[str, Fraction]) -> int:
    """Value of a derivation: + - * / ** over integers and inputs, with floor() and ceil(); exact, and whole at the end."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=int(number)) if not isinstance(number, bool):
                return Fraction(number)
            case ast.Name(id=name) if name in inputs:
                return inputs[name]
            case ast.BinOp(left=left, op=operator, right=right):
                a, b = value(left), value(right)
                match operator:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case ast.Div():
                        return a / b
                    case ast.Pow() if b.denominator == 1:
                        return Fraction(a ** int(b))
            case ast.Call(func=ast.Name(id="floor"), args=[inside]):
                return Fraction(math.floor(value(inside)))
            case ast.Call(func=ast.Name(id="ceil"), args=[inside]):
                return Fraction(math.ceil(value(inside)))
        raise Refused(f"'{ast.unparse(node)}' in the derivation '{formula}' is not an input or an allowed operation")

    try:
        result = value(ast.parse(formula, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise Refused(f"the derivation '{formula}' cannot be worked out: {error}") from error
    if result.denominator != 1:
        raise Refused(f"the derivation '{formula}' gives {result}: say floor() or ceil()")
    return int(result)


def split_name(name: str) -> tuple[str, str]:
    """`id@version` to its two parts."""
    identity, at, version = name.partition("@")
    if not at or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise UsageError(f"'{name}' is not a methodology: write it like cn_ev_charging@1.2.0")
    return identity, version


def published() -> dict[str, dict[str, Any]]:
    """What `methodology/published.yaml` says: `id@version` to digests, day and status."""
    path = rooms.METHODOLOGY / "published.yaml"
    return dict(read_yaml(path) or {}) if path.exists() else {}


def read_folder(folder: Path) -> Methodology:
    """Read a version folder without asking whether it is published."""
    try:
        identity = read_yaml(folder / "methodology.yaml")
        numbers = read_yaml(folder / "parameters.yaml")
        with open(folder / "factors.csv", encoding="utf-8", newline="") as rows:
            factors = tuple(csv.DictReader(rows))
        return Methodology(
            folder=folder,
            identity=identity,
            inputs={entry["name"]: entry for entry in numbers["inputs"]},
            parameters=tuple(numbers["parameters"]),
            factors=factors,
        )
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise Refused(f"{folder.name} is not a version folder: {error}") from error


def load(name: str, *, draft_allowed: bool = False) -> Methodology:
    """Load a version by `id@version`.

    Raises UsageError where there is none, Refused where it is a draft and drafts are not allowed, or where a published folder or
    a prelude function that it uses is not byte for byte what was published.
    """
    identity, version = split_name(name)
    folder = rooms.METHODOLOGY / f"{identity}_{version}"
    if not folder.is_dir():
        raise UsageError(f"unknown methodology '{name}'. Known: {', '.join(rooms.methodology_names())}")
    found, frozen = read_folder(folder), published().get(name)
    if found.name != name:
        raise Refused(f"methodology/{folder.name} says that it is {found.name}: folder and identity must agree")
    if frozen is None:
        if draft_allowed:
            return found
        raise Refused(f"{name} is a draft: publish it first with 'chargeledger methodology publish {name}'")
    if found.digest != frozen["digest"]:
        raise Refused(
            f"methodology/{folder.name} is not what was published: its digest is {found.digest}, methodology/published.yaml "
            f"says {frozen['digest']}. A published version is frozen: restore the folder, or make a new version with "
            f"'chargeledger methodology new-version {name} …'"
        )
    if any(found.prelude_digests[engine] != digest for engine, digest in frozen["prelude_digest"].items()):
        raise Refused(
            f"a function of transforms/prelude that {name} uses was changed since it was published: "
            "functions may be added, never changed"
        )
    return found


def day_text(day: date | None) -> str:
    """A day for people; None is an open end."""
    return day.isoformat() if day else "…"
