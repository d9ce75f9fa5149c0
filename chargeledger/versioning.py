"""Versions as a product: overview, check, sensitivity, copy to a draft, and publication of a version folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.markdown import Markdown

from chargeledger import rooms
from chargeledger.cases import NO_RULES, check_cases, run_session
from chargeledger.engine import Engine
from chargeledger.errors import Refused, UsageError
from chargeledger.lake import write_file
from chargeledger.methodology import Methodology, derive, load, published, read_folder, split_name
from chargeledger.programme import load_rules, programmes

BEGIN, END = "<!-- sensitivity:begin -->", "<!-- sensitivity:end -->"
NG_PER_G = 10**9
NO_CAPS: dict[str, int | None] = {"energy_wh_per_account_and_vintage": None, "points_per_account_and_vintage": None}
# What may not stand in a version's SQL: division, floating point, chance, clocks.
# 0 and 1; seconds in an hour, per mille, ng in a gram: the only numbers that SQL may hold.
UNITS = {"0", "1", "3600", "1000", "1000000000"}
FORBIDDEN = re.compile(
    r"(?<![-*])/(?![*])|\b(double|float|real|random|rand|uuid|now|current_date|current_timestamp|localtimestamp|today)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """One line of the overview."""

    name: str
    status: str
    in_force: str
    integrity: str
    digest: str


@dataclass(frozen=True)
class Finding:
    """One check of a version and what it found."""

    what: str
    passed: bool
    said: str


def overview() -> list[Row]:
    """Every version of the project."""
    frozen = published()
    force: dict[str, list[str]] = {}
    for programme in programmes():
        for start, end, name in programme.versions:
            force.setdefault(name, []).append(f"{programme.name} {start}..{end or ''}")
    rows = []
    for name in rooms.methodology_names():
        version = read_folder(rooms.METHODOLOGY / "_".join(split_name(name)))
        known = frozen.get(name)
        integrity = "draft" if known is None else "as published" if known["digest"] == version.digest else "changed"
        status = known["status"] if known else "draft"
        rows.append(Row(name, status, ", ".join(force.get(name, ["-"])), integrity, version.digest))
    return rows


def check(version: Methodology) -> list[Finding]:
    """All checks of a version, in reading order."""
    findings = [_derivations(version), _dates(version), _citations(version), *_sql(version)]
    return [*findings, _sensitivity(version), *_cases(version)]


def _derivations(version: Methodology) -> Finding:
    known = {name: Fraction(entry["value"]) for name, entry in version.inputs.items()}
    wrong = [
        f"{p['name']} {p['power_type']}: {p['derivation']} gives {derive(p['derivation'], known)}, not {p['value']}"
        for p in version.parameters
        if derive(p["derivation"], known) != p["value"]
    ]
    return Finding("derivations", not wrong, "; ".join(wrong) or f"{len(version.parameters)} parameters recomputed")


def _dates(version: Methodology) -> Finding:
    start, wrong = version.identity["applicability"]["vintage_from"], []
    keys = sorted({(p["name"], p["power_type"]) for p in version.parameters})
    for key in keys:
        spans = sorted(
            (p["valid_from"], p["valid_until"]) for p in version.parameters if (p["name"], p["power_type"]) == key
        )
        if spans[0][0] > start:
            wrong.append(f"{key}: starts after {start}")
        wrong += [f"{key}: gap or overlap at {a[1]}" for a, b in pairwise(spans) if a[1] != b[0]]
        if spans[-1][1] is not None:
            wrong.append(f"{key}: ends on {spans[-1][1]}")
    factors = [(f["region"], f["source"]) for f in version.factors]
    wrong += [f"factor {key}: more than once" for key in sorted(set(factors)) if factors.count(key) > 1]
    return Finding("dates and references", not wrong, "; ".join(wrong) or "no gap, no overlap, one factor each")


def _citations(version: Methodology) -> Finding:
    entries = [*version.inputs.values(), *version.parameters]
    bare = [str(e["name"]) for e in entries if not (e.get("unit") and e.get("source") and e.get("confidence"))]
    bare += [f["source"] for f in version.factors if not (f["citation"] and f["confidence"])]
    said = f"{len(entries)} numbers and {len(version.factors)} factors carry unit, source and confidence"
    return Finding("citations", not bare, f"without: {', '.join(bare)}" if bare else said)


def _sql(version: Methodology) -> Iterator[Finding]:
    for step in version.steps:
        text = (version.folder / f"{step}.sql").read_text(encoding="utf-8")
        code = re.sub(r"--[^\n]*|'[^']*'", "", text)
        wrong = sorted({match.group(0) for match in FORBIDDEN.finditer(code)})
        numbers = set(re.findall(r"(?<![\w.])\d+(?![\w.])", code.replace("DECIMAL(38,0)", ""))) - UNITS
        wrong += [f"{number}: a number belongs into parameters.yaml or factors.csv" for number in sorted(numbers)]
        if not text.startswith("--") or "one row per" not in text.split("SELECT")[0].split("WITH")[0]:
            wrong.append("no first sentence with 'one row per'")
        yield Finding(f"{step}.sql", not wrong, ", ".join(wrong) or "exact, and says what it is")


def _cases(version: Methodology) -> Iterator[Finding]:
    try:
        results = check_cases(version)
    except Refused as refusal:
        yield Finding("cases", False, str(refusal))
        return
    broken = [result for result in results if not result.passed]
    for result in broken:
        yield Finding(f"case {result.file} '{result.name}'", False, "; ".join(result.differences))
    yield Finding("cases", not broken, f"{len(results) - len(broken)} of {len(results)} hold to the ng and the point")


def _sensitivity(version: Methodology) -> Finding:
    text = (version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        return Finding("sensitivity table", False, f"METHODOLOGY.md has no {BEGIN} … {END}")
    try:
        same = text.split(BEGIN)[1].split(END)[0].strip() == sensitivity_table(version).strip()
    except Refused as refusal:
        return Finding("sensitivity table", False, str(refusal))
    return Finding("sensitivity table", same, "as recomputed" if same else "not what the recomputation gives")


def sensitivity_table(version: Methodology) -> str:
    """The table of METHODOLOGY.md, recomputed through the version's own SQL: reductions of typical charges, per variation."""
    said = version.identity["sensitivity"]
    names = [typical["name"] for typical in said["typical"]]
    lines = ["| variation | " + " | ".join(f"{name}: reductions, g | change, %" for name in names) + " |"]
    lines.append("|---|" + "---:|---:|" * len(names))
    with Engine(threads=1) as engine:
        load_rules(engine, [("case", NO_RULES, NO_CAPS)])
        shipped = [_reductions(engine, version, typical, {}) for typical in said["typical"]]
        for variation in [{"name": "as shipped"}, *said["variations"]]:
            varied = version.with_input(variation["input"], variation["to"]) if "input" in variation else version
            found = [_reductions(engine, varied, typical, variation) for typical in said["typical"]]
            cells = (f"{ng // NG_PER_G} | {_percent(ng, base)}" for ng, base in zip(found, shipped, strict=True))
            lines.append(f"| {variation['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _reductions(engine: Engine, version: Methodology, typical: dict[str, Any], variation: dict[str, Any]) -> int:
    intensity = typical.get("intensity_ug_per_kwh") or int(version.factors[0]["factor_ug_per_kwh"])
    scaled = Fraction(intensity) * Fraction(variation.get("intensity_scale", "1"))
    run_session(engine, version, {**typical, "intensity_ug_per_kwh": -(-scaled.numerator // scaled.denominator)})
    return engine.scalar("SELECT emission_reductions_ng FROM session_assessment")


def _percent(ng: int, base: int) -> str:
    """Change in percent to one decimal, halves away from zero, signed; 0.0 where it rounds to nothing."""
    tenths = Fraction(abs(ng - base) * 1000, abs(base))
    whole = (2 * tenths.numerator + tenths.denominator) // (2 * tenths.denominator)
    sign = "" if whole == 0 else "+" if ng > base else "-"
    return f"{sign}{whole // 10}.{whole % 10}"


def write_sensitivity(version: Methodology) -> None:
    """Put the recomputed table into METHODOLOGY.md. Refused for a published version."""
    if version.name in published():
        raise Refused(f"{version.name} is published and frozen: its table may be checked, not written")
    path = version.folder / "METHODOLOGY.md"
    head, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise Refused(
            f"{path.parent.name}/METHODOLOGY.md has no lines {BEGIN} and {END}: put them where the table belongs"
        )
    write_file(path, f"{head}{BEGIN}\n{sensitivity_table(version)}{END}{tail}".encode())


def new_version(version: Methodology, number: str) -> Path:
    """Copy a version folder to a draft with another number and return the folder."""
    identity, old = split_name(version.name)
    split_name(f"{identity}@{number}")
    if [int(part) for part in number.split(".")] <= [int(part) for part in old.split(".")]:
        raise UsageError(f"{number} is not later than {old}")
    folder = rooms.METHODOLOGY / f"{identity}_{number}"
    if folder.exists():
        raise UsageError(f"methodology/{folder.name} is there already")
    shutil.copytree(version.folder, folder)
    path = folder / "methodology.yaml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^version:.*$", f'version: "{number}"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^status:.*$", "status: draft", text, count=1, flags=re.MULTILINE)
    write_file(path, text.encode())
    return folder


def publish(name: str) -> str:
    """Check a draft and write its digests into published.yaml; return the digest of the folder."""
    if name in published():
        raise Refused(f"{name} is published already, and frozen")
    draft = load(name, draft_allowed=True)
    broken = [finding for finding in check(draft) if not finding.passed]
    if broken:
        raise Refused(f"{name} does not pass: " + "; ".join(f"{f.what}: {f.said}" for f in broken))
    path = draft.folder / "methodology.yaml"
    text = re.sub(r"^status:.*$", "status: published", path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    write_file(path, text.encode())
    frozen = read_folder(draft.folder)
    entry = {
        "digest": frozen.digest,
        "prelude_digest": {"duckdb": frozen.prelude_digest},
        "published_on": datetime.now(UTC).date(),
        "status": "published",
    }
    head = "# Freeze digests of published versions: of the folder, and of the prelude functions that it uses, per engine.\n"
    listed = yaml.safe_dump({**published(), name: entry}, sort_keys=True)
    write_file(rooms.METHODOLOGY / "published.yaml", (head + listed).encode())
    return frozen.digest


def show(version: Methodology, out: Console) -> None:
    """Print METHODOLOGY.md as it stands in the folder, then parameters and factors with their sources."""
    Console(highlight=False).print(Markdown((version.folder / "METHODOLOGY.md").read_text(encoding="utf-8")))
    out.print(f"\n{version.name}, digest {version.digest}\n")
    for entry in (*version.inputs.values(), *version.parameters):
        kind = f" ({entry['power_type']})" if "power_type" in entry else ""
        out.print(
            f"{entry['name']}{kind} = {entry['value']} {entry['unit']}  [{entry['confidence']}] {entry['source']}",
            markup=False,
        )
    for factor in version.factors:
        said = f"{factor['region']} {factor['source']} = {factor['factor_ug_per_kwh']} ug/kWh"
        out.print(f"{said}  [{factor['confidence']}] {factor['citation']}", markup=False)
