"""A version as one self-contained page, for an auditor without the code: its text, its numbers, its cases, and what a check says.

Everything is read from the version's folder and recomputed through its SQL when the page is written; the same folder gives the
same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from chargeledger.cases import CaseResult, case_files, check_cases
from chargeledger.document import read_yaml
from chargeledger.methodology import Methodology, published
from chargeledger.page import page_template, write_page
from chargeledger.programme import programmes
from chargeledger.report_plot import per_cent
from chargeledger.sensitivity import NG_PER_G, Varied, change_per_mille, change_text, typical_names, vary
from chargeledger.version_check import check
from chargeledger.versioning import has_provisional_baseline

Row = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """What one number does to the reductions of a typical charge: how far down, how far up, as parts of the drawing."""

    name: str
    said: str
    less: tuple[str, str]
    more: tuple[str, str]


def write_version_page(version: Methodology, path: Path) -> Path:
    """Write the page of a version."""
    page = page_template("methodology.html.j2").render(_facts(version))
    return write_page(path, page, "after --html")


def _facts(version: Methodology) -> Row:
    """Everything that the page tells, by name."""
    rows, results = vary(version), check_cases(version)
    return {
        "version": version,
        "identity": version.identity,
        "frozen": published().get(version.name),
        "in_force": [
            (p.name, start, end) for p in programmes() for start, end, name in p.versions if name == version.name
        ],
        "has_provisional_baseline": has_provisional_baseline(version),
        "text": _rendered((version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")),
        "worked": [_worked(p["derivation"], version) for p in version.parameters],
        "typical": typical_names(version),
        "sensitivity": [_cells(row, rows[0]) for row in rows],
        "plots": [_tornado(version, rows, place) for place in range(len(typical_names(version)))],
        "files": [_cases(path, results) for path in case_files(version)],
        "findings": check(version, results),
        "digests": [
            (path.relative_to(version.folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(version.folder.rglob("*"))
            if path.is_file()
        ],
    }


def _rendered(text: str) -> str:
    """METHODOLOGY.md as HTML, its headings one level down; marks of the project are left out, and no HTML passes."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + 1}"
    return str(reader.renderer.render(tokens, reader.options, {}))


def _worked(derivation: str, version: Methodology) -> str:
    """A derivation with the values of its inputs in the place of their names."""
    values = {name: str(entry["value"]) for name, entry in version.inputs.items()}
    return re.sub(r"[A-Za-z_]\w*", lambda name: values.get(name[0], name[0]), derivation)


def _cells(row: Varied, shipped: Varied) -> Row:
    """A line of the sensitivity table."""
    pairs = zip(row.reductions_ng, shipped.reductions_ng, strict=True)
    found = [(ng // NG_PER_G, change_text(change_per_mille(ng, base))) for ng, base in pairs]
    return {"name": row.variation["name"], "cells": found}


def _tornado(version: Methodology, rows: Sequence[Varied], place: int) -> list[Bar]:
    """What each number moves for a typical charge, the one that moves most first; all charges on one scale."""
    shipped = rows[0].reductions_ng
    changes = [
        [change_per_mille(ng, base) for ng, base in zip(row.reductions_ng, shipped, strict=True)] for row in rows
    ]
    most = max([1, *(abs(change) for row in changes for change in row)])
    found: dict[str, list[int]] = {}
    for row, change in zip(rows[1:], changes[1:], strict=True):
        found.setdefault(row.variation.get("input", ""), []).append(change[place])
    ends = {name: (min(0, *moved), max(0, *moved)) for name, moved in found.items()}
    return [
        Bar(
            name=_varied_name(version, name, rows),
            said=f"{change_text(low)} to {change_text(high)} %",
            less=(per_cent(most + low, 2 * most), per_cent(-low, 2 * most)),
            more=(per_cent(most, 2 * most), per_cent(high, 2 * most)),
        )
        for name, (low, high) in sorted(ends.items(), key=lambda each: each[1][0] - each[1][1])
    ]


def _varied_name(version: Methodology, name: str, rows: Sequence[Varied]) -> str:
    """What was varied, from which value to which."""
    told = [row.variation for row in rows[1:] if row.variation.get("input", "") == name]
    if not name:
        return f"grid intensity x {', '.join(str(variation['intensity_scale']) for variation in told)}"
    entry = version.inputs[name]
    return f"{name} {entry['value']} to {', '.join(str(variation['to']) for variation in told)} {entry['unit']}"


def _cases(path: Path, results: Sequence[CaseResult]) -> Row:
    """The cases of a file as they stand, each with what it came to."""
    said = read_yaml(path)
    by_name = {result.name: result for result in results if result.file == path.name}
    return {
        "name": path.name,
        "rules": _spelled(said["rules"]) if "rules" in said else None,
        "cases": [_case(case, by_name.get(case["name"])) for case in said["cases"]],
    }


def _case(case: Row, result: CaseResult | None) -> Row:
    given = {name: value for name, value in case["given"].items() if name != "note"}
    return {
        "name": case["name"],
        "note": case["given"].get("note", "").rstrip(),
        "given": _spelled(given),
        "expect": _spelled(case["expect"]),
        "result": result,
    }


def _spelled(part: Row) -> str:
    """A part of a case, one line per name or per member of it."""
    lines = []
    for name, value in part.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {_flat(each)}" for key, each in value.items())]
        elif isinstance(value, list):
            lines += [f"{name}:", *(f"  {_flat(each)}" for each in value)]
        else:
            lines.append(f"{name}: {_flat(value)}")
    return "\n".join(lines)


def _flat(value: object) -> str:
    """A value in one line; whole numbers with separators."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(each)}" for key, each in value.items())
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "none" if value is None else str(value)
