"""What the files of a version say of one another: units and their dimensions, and names that must be there and be used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from chargeledger import rooms
from chargeledger.document import read_yaml
from chargeledger.methodology import Methodology

Dimension = tuple[tuple[str, int], ...]
DISCLOSED = "disclosed, not used"


@cache
def _units(path: Path) -> dict[str, Dimension]:
    said = read_yaml(path)["units"]
    return {unit: _dimension(powers) for unit, powers in said.items()}


def _dimension(powers: Mapping[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def wrong_units(version: Methodology) -> list[str]:
    """Units that methodology/units.yaml does not list, and derivations that give another dimension than their unit has."""
    units = _units(rooms.METHODOLOGY / "units.yaml")
    wrong = [
        f"{entry['name']}: unit '{entry.get('unit')}' is not one of methodology/units.yaml"
        for entry in (*version.inputs.values(), *version.parameters)
        if entry.get("unit") not in units
    ]
    if wrong:
        return wrong
    known = {name: units[entry["unit"]] for name, entry in version.inputs.items()}
    for p in version.parameters:
        try:
            given = _of(ast.parse(p["derivation"], mode="eval").body, known)
        except (SyntaxError, KeyError):
            continue  # the derivation itself is refused elsewhere
        except ValueError as error:
            wrong.append(f"{p['name']} {p['power_type']}: {error}")
            continue
        if given != units[p["unit"]]:
            wrong.append(f"{p['name']} {p['power_type']}: derived as {_text(given)}, but its unit is {p['unit']}")
    return wrong


def _of(node: ast.expr, known: Mapping[str, Dimension]) -> Dimension:
    """Dimension of a derivation; a number has none. Raises ValueError where unlike things are added."""
    match node:
        case ast.Name(id=name):
            return known[name]
        case ast.Call(args=[inside]):
            return _of(inside, known)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            a, b = _of(left, known), _of(right, known)
            if a != b:
                raise ValueError(f"adds {_text(a)} and {_text(b)}")
            return a
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as operator, right=right):
            powers = dict(_of(left, known))
            for base, power in _of(right, known):
                powers[base] = powers.get(base, 0) + (power if isinstance(operator, ast.Mult) else -power)
            return _dimension(powers)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(times))):
            return _dimension({base: power * times for base, power in _of(left, known)})
    return ()


def _text(dimension: Dimension) -> str:
    return " x ".join(base if power == 1 else f"{base}^{power}" for base, power in dimension) or "a plain number"


def dangling(version: Methodology) -> list[str]:
    """Equations, steps, inputs, parameters and factors that are named and are not there, or are there and of no use."""
    code = {name: _code(version.folder / f"{name}.sql") for name in version.sql_names}
    return [*_equations(version), *_inputs(version), *_parameters(version, code), *_factors(version, code)]


def _code(path: Path) -> str:
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


def _equations(version: Methodology) -> Iterator[str]:
    told = set()
    for equation in version.identity["equations"]:
        for step in str(equation["step"]).split(" and "):
            told.add(step)
            if step not in version.sql_names:
                yield f"equation {equation['id']}: there is no step '{step}'"
    yield from (f"step '{step}' has no equation" for step in version.sql_names if step not in told)


def _inputs(version: Methodology) -> Iterator[str]:
    used = set(re.findall(r"[A-Za-z_]\w*", " ".join(str(p["derivation"]) for p in version.parameters)))
    for name, entry in version.inputs.items():
        if name not in used and not str(entry.get("source", "")).startswith(DISCLOSED):
            yield f"input {name} is in no derivation: use it, remove it, or let its source begin with '{DISCLOSED}'"


def _parameters(version: Methodology, code: Mapping[str, str]) -> Iterator[str]:
    there = {str(p["name"]): p for p in version.parameters}
    joined = {step: _told(text, r"\bname") for step, text in code.items()}
    for step, names in joined.items():
        yield from (f"{step}.sql joins parameter '{name}', which is not there" for name in sorted(names - set(there)))
    used = set().union(*joined.values())
    for name, entry in sorted(there.items()):
        if name not in used and not entry.get("read_by"):
            yield f"parameter {name} is joined by no step: remove it, or say in 'read_by' who reads it"


def _factors(version: Methodology, code: Mapping[str, str]) -> Iterator[str]:
    keys = [(f["region"], f["source"]) for f in version.factors]
    sources = {source for _, source in keys}
    for step, text in code.items():
        for alias in re.findall(r"\bfactor\s+AS\s+(\w+)", text, re.IGNORECASE):
            named = _told(text, rf"\b{alias}\.source")
            yield from (f"{step}.sql names factor '{name}', which is not there" for name in sorted(named - sources))
            if len(set(keys)) < len(keys) and f"{alias}.valid_from" not in text:
                yield f"{step}.sql joins factors of more than one span, and asks for no {alias}.valid_from"


def _told(text: str, column: str) -> set[str]:
    """The texts that a column is held against: by =, or in a list."""
    listed = re.findall(rf"{column}\s*(?:=\s*('[^']*')|IN\s*\(([^)]*)\))", text, re.IGNORECASE)
    return {name for found in listed for name in re.findall(r"'([^']*)'", "".join(found))}
